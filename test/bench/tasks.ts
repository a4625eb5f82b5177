import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { sign } from '@luma-callback/core'

const fixture = JSON.parse(readFileSync(new URL('../fixtures/callback-success.json', import.meta.url), 'utf8')) as {
  data: object
}
const [before = '', after = ''] = JSON.stringify({ ...fixture, data: { ...fixture.data, taskId: '|' } }).split('|')

/** The documented success as text, around the task id. */
export const BODY: { before: string; after: string } = { before, after }

/** Unix seconds. */
export const now = (): string => String(Math.floor(Date.now() / 1000))

/** A task that nobody else has, with the signature of its callback. */
export function newTask(timestamp: string): { taskId: string; signature: string } {
  const taskId = randomUUID()
  return { taskId, signature: sign({ taskId, timestamp, secret: 'bench-secret' }) }
}
