import type { Readable } from 'node:stream'

/** A request as the handler wants it; an adapter translates its framework's into this. */
export interface LumaRequest {
  method: string
  /** Path and query as they were called. */
  url: string
  /** Names in lower case, as Node gives them. */
  headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Parameters of the route, if there is one. */
  params?: Readonly<Record<string, string>> | undefined
  /** The body as a stream, if nobody has read it yet; it is looked at first. */
  stream?: Readable | undefined
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
