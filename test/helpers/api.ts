import { createClient, type ClientOptions, type LumaClient } from '@luma-callback/client'
import { createHandler, type LumaEvent, type LumaHandler, type LumaOptions } from '@luma-callback/core'
import type { Simulator } from '@luma-callback/testing'
import { createServer, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { listen } from './servers.ts'
import { SECRET } from './signed.ts'

/** A client that loses no time. */
export function clientOf(
  { url, apiKey }: Pick<Simulator, 'url' | 'apiKey'>,
  options: Partial<ClientOptions> = {},
): LumaClient {
  return createClient({ apiKey, baseUrl: url, retry: { attempts: 3, minDelay: 1, maxDelay: 50 }, ...options })
}

export interface FakeApi {
  url: string
  apiKey: string
  requests: { method: string; path: string; headers: IncomingMessage['headers']; body: unknown }[]
}

/** What one request is answered: an envelope, or whatever else a test wants to see. */
export interface FakeAnswer {
  status?: number
  headers?: Record<string, string>
  /** A text as it is, anything else as JSON; `null` cuts the connection, and nothing at all leaves it open. */
  body?: unknown
}

/** An API that answers what it is told to; `count` is the number of the request, from 1. */
export async function fakeApi(answer: (count: number) => FakeAnswer): Promise<FakeApi> {
  const requests: FakeApi['requests'] = []
  const server = createServer((request, response) => {
    void json(request)
      .catch(() => undefined)
      .then((body) => {
        const { method = '', url = '', headers } = request
        requests.push({ method, path: url, headers, body })
        const { status = 200, headers: own = {}, body: said } = answer(requests.length)
        if (said === null) response.destroy()
        else if (said !== undefined)
          response.writeHead(status, own).end(typeof said === 'string' ? said : JSON.stringify(said))
      })
  })
  const { url } = await listen(server)
  return { url, apiKey: 'key-of-the-account', requests }
}

export interface Served {
  handler: LumaHandler
  /** Where it takes callbacks. */
  url: string
  events: LumaEvent[]
  /** The task ids that a hook was run for, as often as it was. */
  hooks: string[]
}

/** A receiver with a server; both are closed when the test is over. */
export async function serveReceiver(options: Partial<LumaOptions> = {}): Promise<Served> {
  const events: LumaEvent[] = []
  const hooks: string[] = []
  const hook = ({ taskId }: { taskId: string }): void => void hooks.push(taskId)
  const observe = (event: LumaEvent) => events.push(event)
  const handler = createHandler({ onSuccess: hook, onFailure: hook, secret: SECRET, observe, ...options })
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    void handler
      .handle({ method, url, headers, stream: request })
      .then(({ status, headers: own, body }) => response.writeHead(status, own).end(body))
  })
  const { url } = await listen(server)
  onTestFinished(() => handler.close({ timeout: 1_000 }))
  await handler.start()
  return { handler, url: `${url}/luma-modify-callback`, events, hooks }
}
