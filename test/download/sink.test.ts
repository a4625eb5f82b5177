import { saveUrl, type Sink, type SinkMeta } from '@luma-callback/download'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { failure, local, serve, sha256Of, startOrigin, videoOf } from '../helpers/origin.ts'

const BODY = videoOf(3_000_000)
const CHANGED = Buffer.from(BODY.toReversed())
const FILE = { body: BODY, etag: '"one"' }

interface Read {
  meta: SinkMeta
  bytes: Buffer
  /** How its stream ended. */
  end: 'whole' | Error
}

/** A sink that reads all and remembers how each of its reads went. */
function memorySink(): Sink & { reads: Read[] } {
  const reads: Read[] = []
  return {
    reads,
    async write(stream, meta) {
      const chunks: Buffer[] = []
      try {
        for await (const chunk of stream) chunks.push(chunk as Buffer)
        reads.push({ meta, bytes: Buffer.concat(chunks), end: 'whole' })
      } catch (error) {
        reads.push({ meta, bytes: Buffer.concat(chunks), end: error as Error })
        throw error
      }
      return `memory:${meta.name}`
    },
  }
}

const plain = () => startOrigin((request, response) => serve(request, response, FILE))

test('a sink reads it whole, and is told its name, type and size', async () => {
  const sink = memorySink()
  const { url } = await plain()
  const saved = await saveUrl(url, { ...local(sink), name: 'fox' })
  expect(saved).toMatchObject({ path: 'memory:fox.mp4', name: 'fox.mp4', sha256: sha256Of(BODY), bytes: BODY.length })
  expect(sink.reads).toEqual([
    {
      meta: { name: 'fox.mp4', contentType: 'video/mp4', total: BODY.length, signal: expect.any(AbortSignal) },
      bytes: BODY,
      end: 'whole',
    },
  ])
})

test('a sink that says nothing of where it put it', async () => {
  const { url } = await plain()
  const sink: Sink = {
    async write(stream) {
      for await (const _ of stream);
    },
  }
  expect(await saveUrl(url, local(sink))).toMatchObject({ path: undefined, alreadySaved: false })
})

test('however often the connection is cut, it reads one stream', async () => {
  const sink = memorySink()
  const { url } = await startOrigin((request, response) => serve(request, response, FILE, { cutAfter: 700_000 }))
  const saved = await saveUrl(url, { ...local(sink), retry: { attempts: 10, minDelay: 1 } })
  expect(saved).toMatchObject({ resumed: true, sha256: sha256Of(BODY) })
  expect(sink.reads.map(({ bytes, end }) => [bytes.equals(BODY), end])).toEqual([[true, 'whole']])
})

test('when the file has changed meanwhile, the first stream fails and a second one is whole', async () => {
  const sink = memorySink()
  const { url } = await startOrigin((request, response, count) =>
    serve(
      request,
      response,
      count === 1 ? FILE : { body: CHANGED, etag: '"two"' },
      count === 1 ? { cutAfter: 700_000 } : {},
    ),
  )
  await saveUrl(url, { ...local(sink), checkContent: false })
  expect(sink.reads.map(({ end }) => end)).toEqual([expect.any(Error), 'whole'])
  expect(sink.reads[1]?.bytes.equals(CHANGED)).toBe(true)
})

test('it never reads to the end what has a wrong checksum', async () => {
  const sink = memorySink()
  const { url } = await plain()
  const options = { ...local(sink), sha256: sha256Of(Buffer.from('another')), retry: { attempts: 2, minDelay: 1 } }
  expect(await failure(saveUrl(url, options))).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CHECKSUM' })
  expect(sink.reads).toHaveLength(2)
  for (const { end, bytes } of sink.reads) {
    expect(end).toBeInstanceOf(Error)
    expect(bytes.length).toBeLessThan(BODY.length)
  }
})

test('nothing is written of what is refused at once', async () => {
  const sink = memorySink()
  const { url } = await startOrigin((_, response) => response.writeHead(200).end('<html>'))
  expect(await failure(saveUrl(url, local(sink)))).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CONTENT' })
  expect(sink.reads).toEqual([])
})

describe('a sink that does not take it', () => {
  const full = new Error('the bucket is full')
  const sinks: [string, Sink['write'], string][] = [
    ['fails at once', () => Promise.reject(full), 'the bucket is full'],
    [
      'throws',
      () => {
        throw full
      },
      'the bucket is full',
    ],
    [
      'fails in the middle',
      async (stream) => {
        for await (const _ of stream) throw full
      },
      'the bucket is full',
    ],
    [
      'fails at the end',
      async (stream) => {
        for await (const _ of stream);
        throw full
      },
      'the bucket is full',
    ],
    ['ends before it has read', async () => 'done', 'the sink resolved before it had read the whole stream'],
  ]
  test.each(sinks)('%s', async (_, write, message) => {
    const { url, requests } = await startOrigin((request, response) =>
      serve(request, response, { body: videoOf(8_000_000) }),
    )
    const error = await failure(saveUrl(url, { ...local({ write }), name: 'fox' }))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TARGET', retryable: true })
    expect(error.message).toContain(`fox: `)
    expect(error.message).toContain(message)
    expect(requests).toHaveLength(1)
  })

  test('one that was done before it had read to the end of a small file', async () => {
    const { url } = await startOrigin((request, response) => serve(request, response, { body: videoOf(3_000) }))
    const first: Sink['write'] = async (stream) => {
      await once(stream, 'readable')
      stream.read(1_000)
    }
    for (const write of [async () => 'done', first]) {
      const error = await failure(saveUrl(url, { ...local({ write }), name: 'fox' }))
      expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TARGET', retryable: true })
      expect(error.message).toBe('fox: the sink resolved before it had read the whole stream')
    }
  })

  test('an abort reaches one that reads, and one that does not', async () => {
    const reason = new Error('stopping')
    const { url } = await startOrigin((request, response) => serve(request, response, FILE, { stallAfter: 2_500_000 }))
    const sink = memorySink()
    const idle: Sink = { write: (stream) => new Promise((_, reject) => stream.once('error', reject)) }
    for (const to of [sink, idle]) {
      const abort = new AbortController()
      let isReached = false
      const write: Sink['write'] = (stream, meta) => {
        isReached = true
        return to.write(stream, meta)
      }
      const saving = failure(saveUrl(url, { ...local({ write }), signal: abort.signal }))
      await expect.poll(() => isReached).toBe(true)
      abort.abort(reason)
      expect(await saving).toBe(reason)
    }
    expect(sink.reads).toMatchObject([{ end: reason }])
  })
})

test('a slow sink holds the server up; memory does not fill', async () => {
  const body = videoOf(50_000_000)
  let sent = 0
  const { url } = await startOrigin((_, response) => {
    response.writeHead(200, { 'content-length': body.length })
    const send = (): void => {
      while (sent < body.length) {
        const part = body.subarray(sent, sent + 65_536)
        sent += part.length
        if (!response.write(part)) return void response.once('drain', send)
      }
      response.end()
    }
    send()
  })
  let read = 0
  let most = 0
  const write: Sink['write'] = async (stream) => {
    for await (const chunk of stream) {
      read += chunk.length
      most = Math.max(most, sent - read)
      if (read % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  await saveUrl(url, local({ write }))
  expect(read).toBe(body.length)
  // What the system's own buffers of a connection take comes on top of ours.
  expect(most).toBeLessThan(16_000_000)
})

describe('find', () => {
  test('what a sink has already is not fetched again', async () => {
    const { url, requests } = await plain()
    const asked: (readonly string[])[] = []
    const sink: Sink = {
      ...memorySink(),
      async find(names) {
        asked.push(names)
        return { name: 'fox.mov', bytes: 5, path: 'memory:fox.mov' }
      },
    }
    const saved = await saveUrl(url, { ...local(sink), name: 'fox' })
    expect(saved).toMatchObject({
      alreadySaved: true,
      attempts: 0,
      bytes: 5,
      path: 'memory:fox.mov',
      sha256: undefined,
    })
    expect(saved.contentType).toBe('video/quicktime')
    expect(asked).toEqual([['fox.mp4', 'fox.mov', 'fox.avi', 'fox.bin']])
    expect(requests).toHaveLength(0)
  })

  test('what it has with another SHA-256 than it should have is fetched', async () => {
    const { url, requests } = await plain()
    const sha256 = sha256Of(BODY)
    for (const [has, alreadySaved] of [
      [sha256.toUpperCase(), true],
      ['0'.repeat(64), false],
      [undefined, true],
    ] as const) {
      const sink: Sink = { ...memorySink(), find: async () => ({ name: 'fox.mp4', bytes: 5, sha256: has }) }
      expect(await saveUrl(url, { ...local(sink), name: 'fox', sha256 })).toMatchObject({ alreadySaved })
    }
    expect(requests).toHaveLength(1)
  })

  test('one that fails is told as the sink’s failure', async () => {
    const { url } = await plain()
    const sink: Sink = { ...memorySink(), find: () => Promise.reject(new Error('no such bucket')) }
    const error = await failure(saveUrl(url, local(sink)))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TARGET', retryable: true })
    expect(error.message).toContain('no such bucket')
  })
})
