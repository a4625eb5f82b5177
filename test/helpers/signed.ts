import { readFileSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { sign } from '@luma-callback/core'

export const SECRET = 'whk_test_key_1'

/** The provider's documented payloads, as text. */
export const fixtures = {
  success: readFixture('callback-success.json'),
  failure: readFixture('callback-failure.json'),
  strayBlanks: readFixture('callback-success-stray-blanks.json'),
}

/** The task that all fixtures are about. */
export const TASK_ID = '774d9a7dd608a0e49293903095e45a4c'

function readFixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
}

/** The documented success, of a task of its own. */
export function successOf(taskId: string = randomUUID()): { taskId: string; body: string } {
  return { taskId, body: fixtures.success.replace(TASK_ID, taskId) }
}

/** The documented failure, of a task of its own. */
export function failureOf(taskId: string = randomUUID()): { taskId: string; body: string } {
  return { taskId, body: fixtures.failure.replace(TASK_ID, taskId) }
}

/** The headers that the provider would send with a callback for this task. */
export function signedHeaders(
  taskId: string = TASK_ID,
  { secret = SECRET, timestamp = Math.floor(Date.now() / 1000) }: { secret?: string; timestamp?: number | string } = {},
): Record<string, string> {
  return {
    'content-type': 'application/json',
    'x-webhook-timestamp': String(timestamp),
    'x-webhook-signature': sign({ taskId, timestamp, secret }),
  }
}
