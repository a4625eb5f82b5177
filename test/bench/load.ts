import { sign } from '@luma-callback/core'
import autocannon from 'autocannon'
import { fork, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'

export interface Measured {
  /** Answers a second. */
  rate: number
  /** Milliseconds. */
  p50: number
  p99: number
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/callback-success.json', import.meta.url), 'utf8'))

/** Starts a server from ./servers in a process of its own, with a production environment. */
export async function startServer(
  name: string,
  args: readonly string[] = [],
): Promise<{ url: string; child: ChildProcess }> {
  const child = fork(new URL(`servers/${name}.ts`, import.meta.url), args, {
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const { port } = await new Promise<AddressInfo>((resolve, reject) => {
    child.once('message', (message) => resolve(message as AddressInfo))
    child.once('exit', () => reject(new Error(`the server ${name} ended before it listened`)))
  })
  return { url: `http://127.0.0.1:${port}/luma-modify-callback`, child }
}

/** Sends signed callbacks, each of a task of its own, for `seconds`; fails if any is answered otherwise than 200. */
export async function load(
  url: string,
  { seconds, connections }: { seconds: number; connections: number },
): Promise<Measured> {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: [
      {
        method: 'POST',
        setupRequest(request) {
          const taskId = randomUUID()
          const signature = sign({ taskId, timestamp, secret: 'bench-secret' })
          const body = JSON.stringify({ ...fixture, data: { ...fixture.data, taskId } })
          const headers = {
            'content-type': 'application/json',
            'x-webhook-timestamp': timestamp,
            'x-webhook-signature': signature,
          }
          return { ...request, body, headers }
        },
      },
    ],
  })
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} answers were not 200, ${result.errors} requests failed`)
  return { rate: result.requests.average, p50: result.latency.p50, p99: result.latency.p99 }
}
