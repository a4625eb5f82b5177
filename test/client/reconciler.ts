import { reconcile, type OpenTask, type ReconcileEvent, type ReconcileOptions } from '@luma-callback/client'
import type { LumaOptions } from '@luma-callback/core'
import { onTestFinished } from 'vitest'
import { memoryInboxes } from '../contract/memory-inbox.ts'
import { fakeApi, serveReceiver, type FakeAnswer, type FakeApi, type Served } from '../helpers/api.ts'

/** When tasks were submitted that are overdue. */
export const LONG_AGO = new Date(Date.now() - 3_600_000)

/** A reconciler that loses no time; it is closed when the test is over. */
export function start(options: Pick<ReconcileOptions, 'client' | 'receiver' | 'pending'> & Partial<ReconcileOptions>) {
  const events: ReconcileEvent[] = []
  const observe = (event: ReconcileEvent) => events.push(event)
  const reconciler = reconcile({ interval: 20, overdueAfter: 1, rate: 1_000, observe, ...options })
  onTestFinished(() => reconciler.close())
  return { reconciler, events }
}

export const open = (...taskIds: string[]): OpenTask[] => taskIds.map((taskId) => ({ taskId, submittedAt: LONG_AGO }))

/** A receiver with an inbox. */
export const durable = (options: Partial<LumaOptions> = {}): Promise<Served> =>
  serveReceiver({ inbox: memoryInboxes()(), ...options })

/** What the API says of a task that has succeeded. */
export const succeeded = (taskId: string): FakeAnswer => ({
  body: {
    code: 200,
    msg: '',
    data: { taskId, successFlag: 1, response: { resultUrls: ['https://true.example/x.mp4'] } },
  },
})

export const generating = (taskId: string): FakeAnswer => ({
  body: { code: 200, msg: '', data: { taskId, successFlag: 0 } },
})

export const refusal = (code: number): FakeAnswer => ({ body: { code, msg: 'no', data: null } })

/** An API that answers by task; `asked` are those that it was asked about. */
export async function apiOf(answer: (taskId: string) => FakeAnswer): Promise<FakeApi & { asked(): string[] }> {
  const taskIdOf = (path = '') => new URL(path, 'http://x').searchParams.get('taskId') ?? ''
  const api: FakeApi = await fakeApi(() => answer(taskIdOf(api.requests.at(-1)?.path)))
  return { ...api, asked: () => api.requests.map(({ path }) => taskIdOf(path)) }
}
