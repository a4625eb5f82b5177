import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LumaEvent } from '@luma-callback/core'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createFileEngine } from '../../packages/sqlite/src/file-engine.ts'
import { createThreadClient } from '../../packages/sqlite/src/thread-client.ts'
import { callbackOf, openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { PATIENCE } from '../helpers/patience.ts'

const LONG_LEASE = 600_000

interface Worker {
  /** Resolves as soon as it has said this. */
  says(message: string): Promise<void>
  said: string[]
  /** Resolves when it is gone. */
  kill(): Promise<void>
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
}

/** Another process, which records these tasks in the file and works on them. */
function startWorker(file: string, taskIds: readonly string[], lease = LONG_LEASE): Worker {
  const child = fork(new URL('./sqlite-worker.ts', import.meta.url), [file, String(lease), ...taskIds])
  const said: string[] = []
  child.on('message', (message) => said.push(message as string))
  const exited = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  onTestFinished(kill)
  return {
    said,
    kill,
    says: (message) => vi.waitFor(() => expect(said).toContain(message), PATIENCE),
    signal: (signal) => void child.kill(signal),
  }
}

function typesOf(events: readonly LumaEvent[]): string[] {
  return events.map(({ type }) => type)
}

describe('a process that is killed', () => {
  test('leaves what it ran to another, at once and as the same attempt', async () => {
    const file = join(temporaryFolder(), 'luma.db')
    const worker = startWorker(file, ['quick', 'failing', 'hanging'])
    await worker.says('delivered quick')
    await worker.says('begun failing 2')
    await worker.says('begun hanging 1')
    const attempts: Record<string, number> = {}
    const survivor = openInbox(file, { lease: LONG_LEASE, pollInterval: 100 })
    const { events, runs } = await startInbox(survivor, async ({ taskId }, { attempt }) => {
      attempts[taskId] = attempt
    })
    // It takes nothing from a process that lives, however often it looks.
    await sleep(300)
    expect(runs).toEqual([])

    await worker.kill()
    // Long before the lease runs out.
    await vi.waitFor(() => expect(runs).toHaveLength(2), PATIENCE)
    await vi.waitFor(async () => expect(await survivor.stats()).toMatchObject({ done: 3 }), PATIENCE)
    expect(attempts).toEqual({ failing: 2, hanging: 1 })
    const recovered = events.flatMap((event) =>
      event.type === 'recovered' ? [`${event.callback.taskId} ${event.attempt}`] : [],
    )
    expect(recovered.toSorted()).toEqual(['failing 2', 'hanging 1'])
  })

  test('leaves what it ran to whoever starts after it', async () => {
    const file = join(temporaryFolder(), 'luma.db')
    const worker = startWorker(file, ['hanging'])
    await worker.says('begun hanging 1')
    await worker.kill()
    const { events, runs } = await startInbox(openInbox(file, { lease: LONG_LEASE }))
    await vi.waitFor(() => expect(typesOf(events)).toEqual(['recovered', 'delivered']), PATIENCE)
    expect(runs).toEqual(['hanging'])
  })

  test('by the same callback each time is spared the fifth time: it is dead, and can be requeued', async () => {
    const file = join(temporaryFolder(), 'luma.db')
    for (let death = 0; death < 4; death++) {
      const worker = startWorker(file, ['hanging'])
      await worker.says('begun hanging 1')
      await worker.kill()
    }
    const survivor = openInbox(file, { lease: LONG_LEASE })
    const { events, runs } = await startInbox(survivor)
    await vi.waitFor(() => expect(typesOf(events)).toEqual(['dead']), PATIENCE)
    expect(runs).toEqual([])
    expect(await survivor.get('hanging:success')).toMatchObject({ state: 'dead', crashes: 4 })
    expect(await survivor.requeue()).toBe(1)
    await vi.waitFor(() => expect(runs).toEqual(['hanging']), PATIENCE)
  })
})

describe('a lease', () => {
  // Stops and goes on by signals that Windows does not have.
  test.skipIf(process.platform === 'win32')(
    'of a process that is frozen runs out; when it wakes it is told, and changes nothing',
    async () => {
      const file = join(temporaryFolder(), 'luma.db')
      const worker = startWorker(file, ['hanging'], 3_000)
      await worker.says('begun hanging 1')
      // At once: frozen in the middle of a later write it would keep the file locked.
      worker.signal('SIGSTOP')
      const survivor = openInbox(file, { lease: 3_000 })
      const { events, runs } = await startInbox(survivor)
      await vi.waitFor(() => expect(typesOf(events)).toEqual(['recovered', 'delivered']), PATIENCE)
      worker.signal('SIGCONT')
      await worker.says('aborted hanging: LeaseLostError')
      expect(await survivor.get('hanging:success')).toMatchObject({ state: 'done', crashes: 1, attempts: 1 })
      expect(runs.filter((taskId) => taskId === 'hanging')).toHaveLength(1)
    },
  )

  test('is renewed for as long as the hook runs', async () => {
    const file = join(temporaryFolder(), 'luma.db')
    const [first, second] = [openInbox(file, { lease: 3_000 }), openInbox(file, { lease: 3_000 })]
    const slow = (): Promise<void> => sleep(7_000)
    const working = await Promise.all([startInbox(first, slow), startInbox(second, slow)])
    await first.record(callbackOf('a'))
    await vi.waitFor(async () => expect(await second.stats()).toMatchObject({ done: 1 }), PATIENCE)
    expect(working.flatMap(({ runs }) => runs)).toEqual(['a'])
    expect(working.flatMap(({ events }) => typesOf(events))).toEqual(['delivered'])
  })

  test('that was lost to another is nothing to write with', async () => {
    const file = join(temporaryFolder(), 'luma.db')
    const recorder = openInbox(file)
    await recorder.record(callbackOf('a'))
    const { store: lateStore } = await openStore(file, 1)
    const { store, recover } = await openStore(file, LONG_LEASE)
    const [late] = await lateStore.take(1)
    await vi.waitFor(async () => expect(await recover()).toBe(1), PATIENCE)
    const [job] = await store.take(1)
    assert(late && job)

    const failure = { text: 'late', code: 'LATE' }
    for (const write of ['renew', 'complete'] as const) expect(await lateStore[write](late)).toBe(false)
    expect(await lateStore.putBack(late, 0)).toBe(false)
    expect(await lateStore.retry(late, failure, 0)).toBe(false)
    expect(await lateStore.bury(late, failure)).toBe(false)
    expect(await recorder.get('a:success')).toMatchObject({
      state: 'running',
      lastError: undefined,
      failureCode: undefined,
    })
    expect(await store.complete(job)).toBe(true)
    expect(await store.complete(job)).toBe(false)
    expect(await recorder.get('a:success')).toMatchObject({ state: 'done', attempts: 1, crashes: 1 })
  })
})

/** The file as a runner sees it. */
async function openStore(file: string, lease: number) {
  const thread = createThreadClient({ file, busyTimeout: PATIENCE.timeout })
  onTestFinished(() => thread.close())
  await thread.register()
  return {
    store: createFileEngine(thread, file, lease),
    recover: async () => (await thread.call('recover', { now: Date.now(), maxDelay: 1_000, lease: 1 })).count,
  }
}
