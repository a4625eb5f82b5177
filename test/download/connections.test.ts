import { saveUrl } from '@luma-callback/download'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { startChild } from '../helpers/child.ts'
import { failure, local, newDirectory, serve, startOrigin, videoOf, visible } from '../helpers/origin.ts'
import { listen } from '../helpers/servers.ts'

const BODY = videoOf(3_000_000)
const FILE = { body: BODY, etag: '"one"' }

describe('TLS', () => {
  const read = (name: string): Buffer => readFileSync(new URL(`../fixtures/tls/localhost.${name}`, import.meta.url))

  async function secure(location?: string): Promise<number> {
    const server = createHttpsServer({ key: read('key'), cert: read('crt') }, (request, response) => {
      if (location === undefined) serve(request, response, FILE)
      else response.writeHead(302, { location }).end()
    })
    return (await listen(server)).port
  }

  test('a certificate that nobody vouches for is refused', async () => {
    const to = newDirectory()
    const options = { ...local(to), retry: { attempts: 1 } }
    const error = await failure(saveUrl(`https://localhost:${await secure()}/x.mp4`, options))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CONNECTION' })
    expect(error.message).toContain('self-signed certificate')
    expect(visible(to)).toEqual([])
  })

  test('one that is trusted is taken for its own name only', async () => {
    const NODE_EXTRA_CA_CERTS = 'test/fixtures/tls/localhost.crt'
    const port = await secure()
    const right = startChild('test/download/saver.ts', [`https://localhost:${port}/x.mp4`, newDirectory()], {
      NODE_EXTRA_CA_CERTS,
    })
    await right.says(/^saved /m)
    const wrong = startChild('test/download/saver.ts', [`https://127.0.0.1:${port}/x.mp4`, newDirectory(), '1'], {
      NODE_EXTRA_CA_CERTS,
    })
    expect(await wrong.ended).toBe(1)
    expect(wrong.output()).toContain("IP: 127.0.0.1 is not in the cert's list")
  })

  test('a redirect from https to http is refused, also with allowHttp', async () => {
    const { url, requests } = await startOrigin((request, response) => serve(request, response, FILE))
    const to = newDirectory()
    const saver = startChild('test/download/saver.ts', [`https://localhost:${await secure(url)}/x.mp4`, to, '1'], {
      NODE_EXTRA_CA_CERTS: 'test/fixtures/tls/localhost.crt',
    })
    expect(await saver.ended).toBe(1)
    expect(saver.output()).toMatch(/ERR_LUMA_DOWNLOAD_REFUSED.*redirects from https to http/)
    expect(requests).toEqual([])
    expect(visible(to)).toEqual([])
  })
})

test('nobody there, and a name that is none', async () => {
  const options = { ...local(newDirectory()), retry: { attempts: 1 } }
  const closed = createTcpServer()
  closed.listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  const refused = await failure(saveUrl(`http://127.0.0.1:${port}/x.mp4`, options))
  expect(refused).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CONNECTION', retryable: true })
  expect(refused.message).toContain('ECONNREFUSED')
  const unknown = await failure(saveUrl('http://no-such-host.invalid/x.mp4', options))
  expect(unknown).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CONNECTION', retryable: true })
})

test('no header goes out that could tell anything of us, and no error shows a query', async () => {
  const { url, requests } = await startOrigin((_, response, count) =>
    count === 1
      ? response.writeHead(302, { location: '/other?token=secret', 'set-cookie': 'a=b' }).end()
      : response.writeHead(404).end(),
  )
  const error = await failure(saveUrl(`${url}?token=secret`, local(newDirectory())))
  expect(`${error.message} ${error.stack}`).not.toContain('secret')
  for (const { headers } of requests) {
    expect(Object.keys(headers).toSorted()).toEqual(['accept-encoding', 'connection', 'host'])
  }
})

test.each([
  ['is announced as too large', { maxBytes: 1_000 }],
  [
    'onProgress throws upon',
    {
      onProgress() {
        throw new Error('a bug')
      },
    },
  ],
  ['is refused by its first bytes', { checkContent: true }, Buffer.alloc(3_000_000)],
])('an answer that %s holds no connection open', async (_, options, body: Buffer = BODY) => {
  const closed: Promise<unknown>[] = []
  const { url } = await startOrigin((request, response) => {
    closed.push(once(response, 'close'))
    serve(request, response, { body }, { stallAfter: 100_000 })
  })
  await failure(saveUrl(url, { ...local(newDirectory()), ...options }))
  expect(closed).toHaveLength(1)
  await Promise.all(closed)
})
