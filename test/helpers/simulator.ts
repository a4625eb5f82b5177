import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { startSimulator, type Simulator, type SimulatorOptions } from '@luma-callback/testing'
import { onTestFinished } from 'vitest'
import { listen } from './servers.ts'

/** A simulator that loses no time; it is closed when the test is over. */
export async function simulate(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ generationTime: 0, retryPause: 0, ...options })
  onTestFinished(() => simulator.close())
  return simulator
}

export interface Envelope {
  code: number
  msg: string
  data: unknown
}

/** Calls the API with its key; `body` is sent as JSON unless it is a text. */
export async function call(
  { url, apiKey }: Simulator,
  target: string,
  { body, headers, ...rest }: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Envelope & { status: number }> {
  const response = await fetch(url + target, {
    method: body === undefined ? 'GET' : 'POST',
    ...rest,
    headers: { authorization: `Bearer ${apiKey}`, ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { ...((await response.json()) as Envelope), status: response.status }
}

/** A callback as it arrived. */
export interface Arrived {
  url: string
  headers: IncomingMessage['headers']
  text: string
  body: { code: number; msg: string; data: { taskId: string; promptJson: string; resultUrls?: string[] } }
}

export interface Target {
  url: string
  /** Those whose body arrived whole. */
  arrived: readonly Arrived[]
  /** Requests whose body broke off. */
  broken(): number
}

/** Answers one callback; `number` counts from 1. */
export type Answer = (response: ServerResponse, number: number, request: IncomingMessage) => void

/** A server to call back, which is closed when the test is over. It answers 200 unless it is told otherwise. */
export async function startTarget(answer: Answer = (response) => response.end()): Promise<Target> {
  const arrived: Arrived[] = []
  let broken = 0
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        arrived.push({ url: request.url ?? '', headers: request.headers, text: body, body: JSON.parse(body) })
        answer(response, arrived.length, request)
      },
      () => broken++,
    )
  })
  const { url } = await listen(server)
  return { url, arrived, broken: () => broken }
}
