import type { Readable } from 'node:stream'

/** A request as the handler wants it; an adapter translates its framework's into this. */
export interface LumaRequest {
  /** In upper case. Lower case is put right, and a request that names none counts as a POST. */
  method: string
  /** Path and query as they were called. */
  url: string
  /** Names in lower case, as Node gives them. Others, numbers, lists of one value and a `Headers` are put right. */
  headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The client's address, as the framework tells it; if it is left out, that of the stream's socket. */
  address?: string | undefined
  /** Parameters of the route, if there is one. */
  params?: Readonly<Record<string, string>> | undefined
  /**
   * The body as a stream: Node's, a web stream, or an async iterable. It is read first if it can still give the whole body;
   * what cannot be read, such as a mock of a request, is passed over, and `rawBody` or `body` is taken.
   */
  stream?: Readable | AsyncIterable<Uint8Array | string> | { getReader(): unknown } | object | null | undefined
  /** The body's bytes or text, if a parser ran before us and kept them. */
  rawBody?: unknown
  /** What a parser that ran before us made of the body: an object, bytes or text. */
  body?: unknown
}

/** A header's value, if it was sent once. */
export function singleHeader(headers: LumaRequest['headers'], name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}

/** The query of a URL as a plain object; of a name given twice, the first counts. */
export function readQuery(url: string): Record<string, string> {
  const start = url.indexOf('?')
  if (start === -1) return {}
  const entries = [...new URLSearchParams(url.slice(start + 1))].filter(([name]) => name !== '__proto__')
  return Object.fromEntries(entries.toReversed())
}

/**
 * The request with its method, URL and headers in the form that {@link LumaRequest} promises. A request of a server has it
 * already and is given back as it is; those of users' tests often do not.
 *
 * @throws TypeError if it is no request at all.
 */
export function toRequest(given: LumaRequest): LumaRequest {
  if (typeof given !== 'object' || given === null) {
    throw new TypeError('handle() needs a request: { method, url, headers, stream } or { method, url, headers, body }')
  }
  const method = toMethod(given.method)
  const url = typeof given.url === 'string' ? given.url : String(given.url ?? '')
  const headers = toHeaders(given.headers)
  if (method === given.method && url === given.url && headers === given.headers) return given
  return {
    method,
    url,
    headers,
    params: given.params,
    stream: given.stream,
    // A getter of a framework may parse on demand, and throw.
    get rawBody() {
      return given.rawBody
    },
    get body() {
      return given.body
    },
    get address() {
      return given.address
    },
  }
}

/** A request that names no method was made by hand, to hand over a body. */
function toMethod(method: unknown): string {
  if (method === undefined || method === null) return 'POST'
  return typeof method === 'string' ? method.toUpperCase() : ''
}

type HeaderValue = LumaRequest['headers'][string]

function toHeaders(given: unknown): LumaRequest['headers'] {
  if (typeof given !== 'object' || given === null) return {}
  if (isInOrder(given)) return given
  const headers: Record<string, HeaderValue> = Object.create(null)
  for (const [name, value] of headerEntries(given)) {
    const key = String(name).toLowerCase()
    const values = [headers[key] ?? [], toValues(value)].flat()
    // A header that was sent twice stays a list, so that nothing takes it for one that was sent once.
    headers[key] = values.length > 1 ? values : values[0]
  }
  return headers
}

function headerEntries(given: object): Iterable<readonly [unknown, unknown]> {
  return isHeaders(given) ? given.entries() : Object.entries(given)
}

/** A `Headers` of the web, or a stand-in for one. */
function isHeaders(given: object): given is { entries(): Iterable<readonly [string, unknown]> } {
  return 'entries' in given && typeof given.entries === 'function'
}

/** Keeps texts and numbers; other values are not headers. */
function toValues(given: unknown): string[] {
  if (Array.isArray(given)) return given.flatMap(toValues)
  return typeof given === 'string' || typeof given === 'number' ? [String(given)] : []
}

/** Whether headers are as Node gives them. Node's own request costs one pass over its names, and no copy. */
function isInOrder(headers: object): headers is LumaRequest['headers'] {
  if (isHeaders(headers)) return false
  for (const name of Object.keys(headers)) {
    const value: unknown = (headers as Record<string, unknown>)[name]
    if (name !== name.toLowerCase()) return false
    if (typeof value !== 'string' && value !== undefined && !(Array.isArray(value) && value.length > 1)) return false
  }
  return true
}

/** The client's address, if it can be told. A framework may have to look it up in headers, and can fail over them. */
export function addressIn(request: LumaRequest | undefined): { address?: string } {
  try {
    const stream = request?.stream as { socket?: { remoteAddress?: unknown } | null } | null | undefined
    const address: unknown = request?.address ?? stream?.socket?.remoteAddress
    return typeof address === 'string' && address !== '' ? { address } : {}
  } catch {
    return {}
  }
}
