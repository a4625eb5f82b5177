// Whatever state a request is in, it is answered as documented, and no hook runs unless the answer is 200.
import { EventEmitter } from 'node:events'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { startReceiver, watch } from '../helpers/receiver.ts'
import { signedHeaders, successOf } from '../helpers/signed.ts'

const DOCUMENTED = [200, 400, 401, 405, 408, 413, 415]

const { taskId, body } = successOf()
const bytes = Buffer.from(body)
const half = bytes.subarray(0, 200)

const ignore = () => {}
const pushed = (...chunks: (Buffer | null)[]) => {
  const stream = new Readable({ read() {} })
  for (const chunk of chunks) stream.push(chunk)
  return stream
}

/** Reads so much, and puts so much of it back. */
async function peeked(stream: Readable, putBack: Buffer[]): Promise<Readable> {
  await new Promise((resolve) => stream.once('data', resolve))
  stream.pause()
  for (const chunk of putBack) stream.unshift(chunk)
  return stream
}

function lockedStream(): ReadableStream {
  const stream = ReadableStream.from([bytes])
  stream.getReader()
  return stream
}

const streams: Record<string, () => unknown> = {
  none: () => undefined,
  null: () => null,
  whole: () => pushed(bytes, null),
  half: () => pushed(half, null),
  empty: () => pushed(null),
  open: () => pushed(half),
  silent: () => pushed(),
  paused: () => pushed(bytes, null).pause(),
  decoded: () => pushed(bytes, null).setEncoding('utf8'),
  destroyed: () => pushed(bytes, null).destroy(),
  failed: () => pushed(bytes).on('error', ignore).destroy(new Error('broken')),
  large: () => pushed(Buffer.alloc(300_000, 'x'), null),
  'put back': () => peeked(pushed(bytes, null), [bytes]),
  'put back in part': () => peeked(pushed(bytes, null), [half]),
  'put back, and open': () => peeked(pushed(bytes), [bytes]),
  'not put back': () => peeked(pushed(bytes, null), []),
  'pass-through': () => new PassThrough().end(bytes),
  'of no connection': () => new IncomingMessage(new Socket()),
  marked: () => Object.assign(pushed(), { _body: true }),
  'with a body': () => Object.assign(pushed(null), { body: JSON.parse(body) as object }),
  'with bytes': () => Object.assign(new EventEmitter(), { rawBody: bytes }),
  objects: () => Readable.from([{ code: 200 }, 5]),
  web: () => ReadableStream.from([bytes]),
  'web, silent': () => new ReadableStream({}),
  'web, locked': () => lockedStream(),
  iterable: () => ({ [Symbol.asyncIterator]: () => pushed(bytes, null)[Symbol.asyncIterator]() }),
  'iterable that throws': () => ({ [Symbol.asyncIterator]: () => JSON.parse('x') as never }),
  emitter: () => new EventEmitter(),
  'plain object': () => ({}),
  'odd object': () => ({ on: ignore, pipe: ignore, pause: 5, resume: 'x', destroyed: 'no' }),
  text: () => body,
}

const left = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, '', {}, [], 0, true, body, bytes, new Uint8Array(bytes), JSON.parse(body)),
  fc.constantFrom<unknown>(bytes.toString('base64'), half, 5n, Symbol('x'), ignore, new Map(), Promise.resolve(body)),
  fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true, withMap: true, withDate: true }),
)

const names = [
  'content-type',
  'Content-Type',
  'content-length',
  'CONTENT-LENGTH',
  'transfer-encoding',
  'content-encoding',
]
const headers = fc.oneof(
  fc.constant<unknown>(signedHeaders(taskId)),
  fc
    .dictionary(
      fc.constantFrom(...names, 'x-webhook-timestamp', 'X-Webhook-Signature'),
      fc.constantFrom<unknown>(
        'application/json',
        '0',
        String(bytes.length),
        bytes.length,
        ['x'],
        'chunked',
        null,
        {},
        1,
      ),
    )
    .map((other) => ({ ...signedHeaders(taskId), ...other })),
  fc.anything(),
)

test('any state of stream, body, rawBody and headers', async () => {
  let runs = 0
  const unhandled: unknown[] = []
  const note = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', note)
  const hook = () => runs++
  const { handler, clock } = startReceiver({ onSuccess: hook, onFailure: hook, tolerance: 86_400 })
  const seen = new Set<number>()
  await fc.assert(
    fc.asyncProperty(
      fc.record({ stream: fc.constantFrom(...Object.keys(streams)), body: left, rawBody: left, headers }),
      fc.constantFrom<unknown>('POST', 'post', 'GET', undefined),
      async ({ stream: state, ...request }, method) => {
        const before = runs
        const stream = await streams[state]?.()
        const answer = watch(handler.handle({ ...request, method, stream, url: '/' } as never))
        await clock.advance(10_000)
        const { result } = answer
        if (result === 'pending') expect.fail('it hangs')
        expect(DOCUMENTED).toContain(result.status)
        if (result.status !== 200) expect(runs).toBe(before)
        seen.add(result.status)
        await clock.advance(2_000)
      },
    ),
    { numRuns: 500 },
  )
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
  // The property says something only if it reaches most of them.
  expect([...seen]).toEqual(expect.arrayContaining([200, 400, 405, 408, 415]))
})
