/** Is told what a source gives. After `end` or `fail` nothing more comes. */
export interface Sink {
  /** Bytes or text, if the source is in order. */
  chunk(chunk: unknown): void
  end(): void
  /** Without an error: the source was closed before its end. */
  fail(error?: unknown): void
}

/**
 * How much of a body a source can still give. `unread`: all of it. `put back`: the part that `unshift` put back. `spent`:
 * nothing. `cut off`: nothing, because the connection is gone.
 */
export type SourceState = 'unread' | 'put back' | 'spent' | 'cut off'

/** Something that a body can be read from. */
export interface Source {
  state: SourceState
  /** True if bytes are sure to come. Then what a parser left is not looked at. */
  isSure: boolean
  /** True for a mock that may never emit anything: only the bytes that it gives at once are waited for. */
  isHasty: boolean
  /** What its text is encoded in. */
  encoding(): BufferEncoding
  /** Begins to read. The function that comes back ends that, and holds back what may still come. */
  read(sink: Sink): (mayGoOn: boolean) => void
}

/** What of a Node stream is used here. Mocks and old streams have only some of it. */
export interface NodeStream {
  on(event: string, listener: (argument?: unknown) => void): unknown
  removeListener?(event: string, listener: (argument?: unknown) => void): unknown
  pipe?: unknown
  readable?: boolean
  readableDidRead?: boolean
  readableEnded?: boolean
  readableLength?: number
  readableEncoding?: BufferEncoding | null
  destroyed?: boolean
  httpVersionMajor?: number
}

interface Reader {
  next(): unknown
  cancel(): unknown
}

type Headers = Readonly<Record<string, unknown>>

/** The source that a value is; undefined for what cannot be read, such as a plain object. */
export function toSource(value: unknown, headers: Headers): Source | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (isEventful(value)) {
    const isStream = isMethod(value, 'pipe')
    const brings = bringsBytes(value, headers)
    return {
      state: isStream ? stateOf(value) : 'unread',
      isSure: isStream && brings,
      isHasty: !isStream && !brings,
      encoding: () => value.readableEncoding ?? 'utf8',
      read: (sink) => listen(value, sink),
    }
  }
  const reader = readerOf(value)
  if (!reader) return undefined
  const state = propertyOf(value, 'locked') === true ? 'spent' : 'unread'
  return { state, isSure: true, isHasty: false, encoding: () => 'utf8', read: (sink) => pull(reader, sink) }
}

export function isEventful(value: object): value is NodeStream {
  return isMethod(value, 'on')
}

/** A property that may be missing, or throw: hosts parse bodies in getters, and tests hand in proxies. */
export function propertyOf(owner: unknown, name: string | symbol): unknown {
  if (typeof owner !== 'object' || owner === null) return undefined
  try {
    return (owner as Record<string | symbol, unknown>)[name]
  } catch {
    return undefined
  }
}

export function isMethod(owner: unknown, name: string | symbol): boolean {
  return typeof propertyOf(owner, name) === 'function'
}

/** Reading a stream and putting it back (`unshift`) leaves it read, but not empty. */
function stateOf(stream: NodeStream): SourceState {
  if (stream.readableEnded) return 'spent'
  if (stream.destroyed) return stream.readableDidRead ? 'spent' : 'cut off'
  if (stream.readable === false) return 'spent'
  if (!stream.readableDidRead) return 'unread'
  return (stream.readableLength ?? 0) > 0 ? 'put back' : 'spent'
}

/** HTTP/1 announces a body by a header, and only a socket that is connected delivers it (RFC 9112, section 6.3). */
function bringsBytes(stream: NodeStream, headers: Headers): boolean {
  const { readableLength = 0, httpVersionMajor = 1 } = stream
  if (readableLength > 0 || httpVersionMajor > 1) return true
  if (propertyOf(propertyOf(stream, 'socket'), 'pending') === true) return false
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function listen(stream: NodeStream, sink: Sink): (mayGoOn: boolean) => void {
  const listeners = Object.entries({
    data: (chunk?: unknown) => sink.chunk(chunk),
    end: () => sink.end(),
    error: (error?: unknown) => sink.fail(error ?? new Error('the stream failed')),
    aborted: () => sink.fail(),
    close: () => sink.fail(),
  })
  for (const [event, listener] of listeners) stream.on(event, listener)
  // A listener alone does not start a stream that was paused on purpose.
  attempt(stream, 'resume')
  return (mayGoOn) => {
    for (const [event, listener] of listeners) stream.removeListener?.(event, listener)
    if (!mayGoOn) return
    attempt(stream, 'pause')
    // An error that comes later has no listener of ours any more, and would end the process.
    stream.on('error', () => {})
  }
}

/** Calls a method if it is there (mocks may lack it), and ignores its errors. */
export function attempt(target: object, method: string): void {
  const run = async () => (target as Record<string, (() => unknown) | undefined>)[method]?.()
  void run().catch(() => {})
}

function readerOf(value: object): Reader | undefined {
  if (isMethod(value, 'getReader')) {
    let reader: { read(): unknown; cancel(): unknown } | undefined
    const open = () => (reader ??= (value as { getReader(): NonNullable<typeof reader> }).getReader())
    return { next: () => open().read(), cancel: () => reader?.cancel() }
  }
  if (isMethod(value, Symbol.asyncIterator)) {
    let iterator: AsyncIterator<unknown> | undefined
    const open = () => (iterator ??= (value as AsyncIterable<unknown>)[Symbol.asyncIterator]())
    return { next: () => open().next(), cancel: () => iterator?.return?.() }
  }
  return undefined
}

function pull(reader: Reader, sink: Sink): (mayGoOn: boolean) => void {
  let isStopped = false
  async function run(): Promise<void> {
    for (let count = 1; ; count++) {
      const { done, value } = (await reader.next()) as IteratorResult<unknown>
      if (isStopped) return
      if (done) return sink.end()
      sink.chunk(value)
      // Timers get their turn, or a source of empty chunks without end would keep the deadline from firing.
      if (count % 64 === 0) await new Promise(setImmediate)
    }
  }
  run().catch((error: unknown) => sink.fail(error ?? new Error('the stream failed')))
  return (mayGoOn) => {
    isStopped = true
    if (mayGoOn) attempt(reader, 'cancel')
  }
}
