import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { lumaCallback } from '@luma-callback/express'
import { redisInbox } from '@luma-callback/redis'
import express from 'express'
import { until } from '../../helpers/redis-servers.ts'
import { SECRET, signedHeaders, successOf } from '../../helpers/signed.ts'
import type { Setup } from './setups.ts'

/** Callbacks that are sent, each twice. */
export const COUNT = 200
const AT_ONCE = 10

/** What came of one setup. */
export interface Cell {
  setup: string
  /** Answers 200, of 2 × COUNT that there should be, and the others that came before them. */
  received: number
  refused: number
  /** Callbacks whose hook ran, whose hook ran more than once, and that were answered 200 and whose hook did not run. */
  hooks: number
  twice: number
  lost: number
}

export async function runSetup({ name, start }: Setup): Promise<Cell> {
  const { connection, trouble, close } = await start()
  const runs = new Map<string, number>()
  const inbox = redisInbox(connection, { timeout: 10_000 })
  const luma = lumaCallback({
    secret: SECRET,
    inbox,
    observe: () => {},
    async onSuccess({ taskId }) {
      runs.set(taskId, (runs.get(taskId) ?? 0) + 1)
      await sleep(20)
    },
  })
  const server = express().use(luma).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/luma-modify-callback`
  try {
    await luma.start()
    const answers = { received: 0, refused: 0 }
    const samples = Array.from({ length: COUNT }, () => successOf())
    let troubled: Promise<void> | undefined
    const left = samples.values()
    const sending = Array.from({ length: AT_ONCE }, async () => {
      for (const sample of left) {
        // The provider comes again, and once more than it would have to.
        for (let time = 0; time < 2; time++) await sendUntilReceived(url, sample, answers)
        if (answers.received > COUNT / 2) troubled ??= trouble?.()
      }
    })
    await Promise.all(sending)
    await troubled
    await until(async () => {
      const { pending, running } = await inbox.stats()
      return pending + running === 0
    })
    const counts = [...runs.values()]
    const lost = samples.filter(({ taskId }) => !runs.has(taskId)).length
    return { setup: name, ...answers, hooks: counts.length, twice: counts.filter((count) => count > 1).length, lost }
  } finally {
    server.closeAllConnections()
    server.close()
    await luma.close()
    if (typeof connection !== 'string') connection.disconnect()
    await close()
  }
}

async function sendUntilReceived(
  url: string,
  { taskId, body }: { taskId: string; body: string },
  answers: Pick<Cell, 'received' | 'refused'>,
): Promise<void> {
  for (;;) {
    const response = await fetch(url, { method: 'POST', body, headers: signedHeaders(taskId) })
    await response.text()
    if (response.ok) return void answers.received++
    answers.refused++
    await sleep(100)
  }
}
