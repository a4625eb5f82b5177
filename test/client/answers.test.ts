import { createClient } from '@luma-callback/client'
import { createServer, type ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { listen } from '../helpers/servers.ts'

const MEGABYTE = 1024 ** 2

async function clientAt(answer: (response: ServerResponse) => void) {
  const server = createServer((_, response) => answer(response))
  const { url } = await listen(server)
  return createClient({ apiKey: 'k', baseUrl: url, retry: { attempts: 1 } })
}

const enveloped = (msg: string) => JSON.stringify({ code: 200, msg, data: { taskId: 't', successFlag: 0 } })

describe('an answer that is larger than any of the API', () => {
  test('is not read to its end, and its connection is cut', async () => {
    let written = 0
    let onCut = (): void => {}
    const cut = new Promise<void>((resolve) => (onCut = resolve))
    const client = await clientAt((response) => {
      response.on('close', onCut)
      const chunk = Buffer.alloc(MEGABYTE, 32)
      const more = (): void => {
        do written += chunk.length
        while (response.write(chunk))
      }
      response.on('drain', more)
      more()
    })
    await expect(client.details('t')).rejects.toMatchObject({
      code: 'ERR_LUMA_API_ANSWER',
      message: expect.stringContaining('too large'),
    })
    await cut
    // What the system's own buffers take is sent before anybody says that it is enough.
    expect(written).toBeLessThan(64 * MEGABYTE)
  })

  test('is not unpacked to its end', async () => {
    const bomb = gzipSync(Buffer.alloc(256 * MEGABYTE, 32))
    const client = await clientAt((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb))
    const before = process.memoryUsage().rss
    await expect(client.details('t')).rejects.toMatchObject({ code: 'ERR_LUMA_API_ANSWER' })
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * MEGABYTE)
  })

  test('a refusal of that size is still one', async () => {
    const client = await clientAt((response) => response.writeHead(503).end('x'.repeat(2 * MEGABYTE)))
    await expect(client.details('t')).rejects.toMatchObject({ status: 503, retryable: true })
  })

  test('one below a megabyte is read, also in pieces that part a character', async () => {
    const whole = Buffer.from(enveloped('ä'.repeat(MEGABYTE / 2 - 100)))
    const client = await clientAt((response) => {
      response.write(whole.subarray(0, 30))
      setTimeout(() => response.end(whole.subarray(30)), 20)
    })
    expect(await client.details('t')).toMatchObject({ taskId: 't', state: 'generating' })
  })

  test('an answer of a fetch of your own that has no stream is read too', async () => {
    const answering = (text: string) =>
      createClient({
        apiKey: 'k',
        retry: { attempts: 1 },
        fetch: async () => ({ status: 200, headers: new Headers(), text: async () => text }) as Response,
      })
    expect(await answering(enveloped('')).details('t')).toMatchObject({ taskId: 't' })
    await expect(answering(enveloped('x'.repeat(2 * MEGABYTE))).details('t')).rejects.toMatchObject({
      code: 'ERR_LUMA_API_ANSWER',
    })
  })
})
