import { request as open, type Agent } from 'node:http'
import { text } from 'node:stream/consumers'
import { now } from './clock.ts'
import type { BenchRequest } from './tasks.ts'

export interface Answer {
  status: number
  body: string
  /** When all of it was here. */
  at: number
}

/** One request over a connection of the agent; resolves when it is answered, rejects if it is not. */
export function post(url: string, { headers, body }: BenchRequest, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent, headers: { ...headers, 'content-length': Buffer.byteLength(body) } }
    const request = open(url, options, (response) => {
      text(response)
        .then((answer) => resolve({ status: response.statusCode ?? 0, body: answer, at: now() }))
        .catch(reject)
    })
    request.once('error', reject)
    request.end(body)
  })
}
