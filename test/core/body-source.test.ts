// Bodies as streams, in every state that a stream can be in.
import { EventEmitter } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ReadableStream } from 'node:stream/web'
import { describe, expect, test } from 'vitest'
import { startReceiver, verdict, verdictOf, watch, type Receiver, type Sample } from '../helpers/receiver.ts'
import { signedHeaders, successOf } from '../helpers/signed.ts'

/** The verdict on a sample whose body is this stream. */
function judge(sample: Sample, stream: unknown, headers: Record<string, string> = {}): Promise<string> {
  return verdictOf(send(startReceiver(), sample, stream, headers))
}

function send({ handler, clock }: Receiver, { taskId }: Sample, stream: unknown, headers: Record<string, string> = {}) {
  const timestamp = Math.floor(clock.now() / 1000)
  return handler.handle({
    method: 'POST',
    url: '/luma-modify-callback',
    headers: { ...signedHeaders(taskId, { timestamp }), ...headers },
    stream: stream as Readable,
  })
}

const sample = successOf()
const bytes = Buffer.from(sample.body)
const halves = [bytes.subarray(0, 300), bytes.subarray(300)]
const declared = { 'content-length': String(bytes.length) }

/** A stream as a request is one: bytes that come in chunks, each in a turn of its own. */
function bodyOf(...chunks: Buffer[]): Readable {
  const stream = new Readable({ read() {} })
  void (async () => {
    for (const chunk of chunks) {
      await new Promise(setImmediate)
      stream.push(chunk)
    }
    stream.push(null)
  })()
  return stream
}

/** Reads so many chunks, and stops. */
async function peek(stream: Readable, count: number): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  await new Promise<void>((resolve) => {
    stream.on('data', function take(chunk: Buffer) {
      chunks.push(chunk)
      if (chunks.length < count) return
      stream.off('data', take).pause()
      resolve()
    })
  })
  return chunks
}

describe('a body that was read and put back', () => {
  test.each([
    ['with a declared length', declared],
    ['without', {}],
  ])('is taken, %s', async (_what, headers) => {
    const first = bodyOf(...halves)
    for (const chunk of (await peek(first, 1)).toReversed()) first.unshift(chunk)
    expect(await judge(sample, first, headers)).toBe('200 received')

    const whole = bodyOf(...halves)
    for (const chunk of (await peek(whole, 2)).toReversed()) whole.unshift(chunk)
    expect(await judge(sample, whole, headers)).toBe('200 received')

    const polled = bodyOf(bytes)
    await new Promise((resolve) => polled.once('readable', resolve))
    polled.unshift(polled.read())
    expect(await judge(sample, polled, headers)).toBe('200 received')

    const iterated = bodyOf(...halves)
    const taken: Buffer[] = []
    for await (const chunk of iterated.iterator({ destroyOnReturn: false })) {
      taken.push(chunk as Buffer)
      if (taken.length === 2) break
    }
    iterated.unshift(Buffer.concat(taken))
    expect(await judge(sample, iterated, headers)).toBe('200 received')
  })

  test.each([
    ['with a declared length', declared],
    ['without', {}],
  ])('in part only is refused, and the answer says so, %s', async (_what, headers) => {
    const partly = bodyOf(...halves)
    await peek(partly, 2)
    partly.unshift(halves[1])
    const answer = await send(startReceiver(), sample, partly, headers)
    expect(verdict(answer)).toBe('400 invalid_json')
    expect(answer.body).toContain('put back only a part of it')
  })

  test('to which nothing was put back is refused at once', async () => {
    const stream = bodyOf(...halves)
    await peek(stream, 1)
    const answer = await send(startReceiver(), sample, stream, declared)
    expect(verdict(answer)).toBe('400 invalid_json')
  })

  test('after its end is not there any more', async () => {
    const stream = bodyOf(bytes).on('error', () => {})
    await new Promise((resolve) => stream.on('end', resolve).resume())
    stream.unshift(bytes)
    const answer = await send(startReceiver(), sample, stream, declared)
    expect(answer.body).toContain('left no body')
  })

  test('has to end in time too', async () => {
    const stream = new PassThrough()
    stream.write(halves[0])
    const [first] = await peek(stream, 1)
    stream.unshift(first)
    const receiver = startReceiver()
    const answer = watch(send(receiver, sample, stream, declared))
    await receiver.clock.advance(10_000)
    expect(answer.result).toMatchObject({ status: 408 })
  })

  test('may not be larger than the limit either', async () => {
    const large = Buffer.alloc(300_000, ' ')
    const stream = bodyOf(large)
    await peek(stream, 1)
    stream.unshift(large)
    expect(await judge(sample, stream)).toBe('413 body_too_large')
    await finished(stream.destroy()).catch(() => {})
  })
})

describe('a stream is read', () => {
  test('that was paused', async () => {
    expect(await judge(sample, bodyOf(...halves).pause(), declared)).toBe('200 received')
  })

  test.each([
    ['one byte each', 1, 1],
    ['one byte each, and now and then many', 1, 300],
  ])('in chunks of %s', async (_what, size, every) => {
    const { taskId, body } = successOf()
    const large = { taskId, body: body.replace('successfully', 'x'.repeat(20_000)) }
    const text = Buffer.from(large.body)
    const chunks: Buffer[] = []
    for (let at = 0; at < text.length;) {
      const length = chunks.length % every === every - 1 ? 2_000 * Number(every > 1) + size : size
      chunks.push(text.subarray(at, at + length))
      at += length
    }
    expect(await judge(large, bodyOf(...chunks), { 'content-length': String(text.length) })).toBe('200 received')
  })

  test('while another listens', async () => {
    const heard: Buffer[] = []
    const stream = bodyOf(...halves).on('data', (chunk: Buffer) => heard.push(chunk))
    expect(await judge(sample, stream, declared)).toBe('200 received')
    expect(Buffer.concat(heard).equals(bytes)).toBe(true)
  })

  test.each(['utf8', 'latin1', 'hex', 'base64'] as const)('whose encoding was set: %s', async (encoding) => {
    const other = successOf(`ü 🎬 ${encoding}`)
    const text = Buffer.from(other.body)
    const stream = bodyOf(text.subarray(0, 40), text.subarray(40)).setEncoding(encoding)
    expect(await judge(other, stream, { 'content-length': String(text.length) })).toBe('200 received')
  })

  test('through a proxy', async () => {
    const stream = new Proxy(bodyOf(...halves), {})
    expect(await judge(sample, stream, declared)).toBe('200 received')
  })

  test.each<[string, () => unknown]>([
    ['a web stream', () => ReadableStream.from([...halves])],
    ['a web stream of Uint8Array', () => new Response(new Uint8Array(bytes)).body],
    ['an async generator', () => generate([...halves])],
    ['an async generator of text', () => generate([sample.body.slice(0, 50), sample.body.slice(50)])],
    ['an async iterable that is no generator', () => ({ [Symbol.asyncIterator]: () => generate([bytes]) })],
    ['a Readable of text', () => Readable.from([sample.body])],
    ['an old stream', () => oldStream()],
    ['an emitter, on which a test emits later', () => later(new EventEmitter())],
  ])('as %s', async (what, make) => {
    expect(await judge(sample, make(), what.startsWith('an emitter') ? declared : {})).toBe('200 received')
  })

  test('given as the body, too', async () => {
    const { taskId } = sample
    for (const body of [ReadableStream.from([bytes]), Readable.from([bytes]), generate([bytes])]) {
      const request = { method: 'POST', url: '/', headers: signedHeaders(taskId), body }
      expect(await verdictOf(startReceiver().handler.handle({ ...request }))).toBe('200 received')
    }
  })
})

async function* generate(chunks: readonly (string | Buffer)[]): AsyncGenerator<string | Buffer> {
  yield* chunks
}

/** As streams were before they had a state: events and `pipe`. */
function oldStream(): EventEmitter {
  return later(Object.assign(new EventEmitter(), { pipe: () => {} }))
}

function later(emitter: EventEmitter): EventEmitter {
  setImmediate(() => setImmediate(() => void (emitter.emit('data', bytes), emitter.emit('end'))))
  return emitter
}

describe('a stream that fails is refused', () => {
  test.each<[string, () => unknown]>([
    [
      'an error',
      () =>
        bodyOf(bytes)
          .destroy(new Error('broken'))
          .on('error', () => {}),
    ],
    ['an error in the middle', () => failing(() => new Error('broken'))],
    ['being closed in the middle', () => failing(() => undefined)],
    ['an async iterable that throws', () => ({ [Symbol.asyncIterator]: () => expect.fail() })],
    ['an async iterable that rejects nothing', () => ({ [Symbol.asyncIterator]: () => ({ next: rejectNothing }) })],
    ['results that are none', () => ({ [Symbol.asyncIterator]: () => ({ next: async () => undefined }) })],
    ['chunks that are objects', () => Readable.from([{ code: 200 }])],
    ['chunks that are null', () => generate([null as never])],
    ['a web stream that another reads', () => locked()],
    ['a web stream that fails', () => new ReadableStream({ pull: (controller) => controller.error(new Error('x')) })],
    ['methods that throw', () => ({ on: () => expect.fail(), pipe: () => {}, pause: () => expect.fail() })],
    ['a plain object', () => ({})],
    ['a list', () => [bytes]],
    ['text', () => sample.body],
    ['an emitter that says nothing', () => new EventEmitter()],
  ])('by %s', async (_what, make) => {
    expect(await judge(sample, make())).toBe('400 invalid_json')
  })

  test.each<[string, () => unknown]>([
    ['says nothing', () => new Readable({ read() {} })],
    ['is a web stream and says nothing', () => new ReadableStream({})],
    ['never resolves', () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) })],
    ['gives nothing, without end', () => endless()],
  ])('at the deadline, if it %s', async (_what, make) => {
    const receiver = startReceiver()
    const answer = watch(send(receiver, sample, make()))
    await receiver.clock.advance(9_999)
    expect(answer.result).toBe('pending')
    await receiver.clock.advance(1)
    expect(answer.result).toMatchObject({ status: 408 })
  })

  test('beyond the limit, and is then asked for no more', async () => {
    let cancelled = 0
    let pulled = 0
    const web = new ReadableStream(
      {
        pull(controller) {
          pulled++
          controller.enqueue(Buffer.alloc(100_000))
        },
        cancel: () => void cancelled++,
      },
      { highWaterMark: 0 },
    )
    expect(await judge(sample, web)).toBe('413 body_too_large')
    expect([pulled, cancelled]).toEqual([3, 1])
  })

  test('and what fails after it was refused does no harm', async () => {
    const stream = new Readable({ read() {} })
    const receiver = startReceiver()
    const answer = watch(send(receiver, sample, stream))
    await receiver.clock.advance(10_000)
    expect(answer.result).toMatchObject({ status: 408 })
    stream.destroy(new Error('later'))
    await new Promise((resolve) => stream.once('close', resolve))
  })
})

function failing(error: () => Error | undefined): Readable {
  const stream = new Readable({ read() {} })
  stream.push(halves[0])
  setImmediate(() => stream.destroy(error()))
  return stream
}

function locked(): ReadableStream {
  const stream = ReadableStream.from([bytes])
  stream.getReader()
  return stream
}

async function* endless(): AsyncGenerator<string> {
  for (;;) yield ''
}

function rejectNothing(): Promise<never> {
  return Promise.reject(undefined)
}
