import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** What a hook tells, once a run. */
export interface Told {
  taskId: string
  outcome: 'success' | 'failure'
}

/** The system behind the receiver: hooks tell it what became of a task, and are done when it has answered. */
export interface Shop {
  url: string
  /** What was told and answered, in that order; a hook that ran twice is in it twice. */
  told: readonly Told[]
  /** The hooks that wait for their answer. */
  waiting(): readonly Told[]
  /** The next to ask is answered 503. */
  failOnce(): void
  /** After so many answers, everyone waits. */
  answerOnly(count: number): void
  /** Answers everyone again. */
  answerAll(): void
  close(): void
}

export async function openShop(): Promise<Shop> {
  const told: Told[] = []
  const queue = new Map<ServerResponse, Told>()
  let answersLeft = Number.POSITIVE_INFINITY
  let isDown = false

  function answer(): void {
    for (const [response, what] of queue) {
      if (answersLeft === 0) return
      answersLeft--
      queue.delete(response)
      told.push(what)
      response.end()
    }
  }

  function take(what: Told, response: ServerResponse): void {
    if (isDown) {
      isDown = false
      response.writeHead(503).end()
      return
    }
    queue.set(response, what)
    // Who asked may be killed while it waits.
    response.once('close', () => queue.delete(response))
    answer()
  }

  const server = createServer((request, response) => {
    json(request).then(
      (what) => take(what as Told, response),
      () => response.destroy(),
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told,
    waiting: () => [...queue.values()],
    failOnce: () => (isDown = true),
    answerOnly: (count) => (answersLeft = count),
    answerAll() {
      answersLeft = Number.POSITIVE_INFINITY
      answer()
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
