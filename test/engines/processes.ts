import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf } from '../helpers/inboxes.ts'
import { kill, startProcess, type Process } from '../helpers/process.ts'
import type { Engine } from './engine.ts'
import { PATIENCE, untilAtLeast } from '../helpers/patience.ts'

/** Short, as tests that kill wait for its end, and far longer than a process stands still on a busy machine. */
const LEASE = 3_000
/** One that does not run out because the machine is busy: what is done twice then would be no fault of the inbox. */
const LONG_LEASE = 30_000

/** An inbox of the test's own, and processes that work on it. */
async function setUp({ makeRoom }: Engine, lease = LEASE) {
  const { where, open, tearDown } = await makeRoom({ lease })
  onTestFinished(tearDown)
  return {
    open,
    start: (hookTime?: number, concurrency?: number) => startProcess(where, hookTime, concurrency),
  }
}

function idsOf(processes: readonly Process[], type: 'begun' | 'done' | 'recovered'): string[] {
  return processes.flatMap((one) => one.idsOf(type))
}

export function testProcesses(engine: Engine): void {
  describe.skipIf(!engine.isThere)(`several processes on one ${engine.name}${engine.reason}`, () => {
    test('three run the hook of each of 7 000 callbacks once, however often it is recorded', async () => {
      const { open, start } = await setUp(engine, LONG_LEASE)
      const processes = await Promise.all([start(), start(), start()])
      const taskIds = Array.from({ length: 7_000 }, (_, index) => `task-${index}`)
      // Each duplicate goes to another process than the first.
      const sendings = [
        ...taskIds.map((id, index) => ({ id, to: index % 3 })),
        ...taskIds.slice(0, 3_000).map((id, index) => ({ id, to: (index + 1) % 3 })),
      ]
      for (const [index, { send }] of processes.entries()) {
        const own = sendings.filter(({ to }) => to === index).map(({ id }) => id)
        for (let first = 0; first < own.length; first += 250) send({ record: own.slice(first, first + 250) })
      }
      await untilAtLeast(7_000, () => idsOf(processes, 'done').length)
      for (const { send } of processes) send('close')
      await Promise.all(processes.map(({ ended }) => ended))
      const done = idsOf(processes, 'done')
      expect(done.length).toBe(7_000)
      expect(new Set(done)).toEqual(new Set(taskIds))
      expect(processes.every((one) => one.idsOf('done').length > 0)).toBe(true)
      expect(await open().stats()).toMatchObject({ pending: 0, running: 0, done: 7_000, dead: 0, seen: 7_000 })
    })

    test('what one has no room for is begun by an idle one', async () => {
      const { start } = await setUp(engine)
      const busy = await start(60_000, 1)
      busy.send({ record: ['long'] })
      await vi.waitFor(() => expect(busy.idsOf('begun')).toEqual(['long']), PATIENCE)
      const idle = await start()
      busy.send({ record: ['other'] })
      await vi.waitFor(() => expect(idle.idsOf('done')).toEqual(['other']), PATIENCE)
    })

    test('what a killed one was at is delivered by another, as the same attempt', async () => {
      const { start } = await setUp(engine)
      const first = await start(60_000)
      first.send({ record: ['a', 'b'] })
      await vi.waitFor(() => expect(first.idsOf('begun').toSorted()).toEqual(['a', 'b']), PATIENCE)
      await kill(first)
      const second = await start()
      await vi.waitFor(() => expect(second.idsOf('done').toSorted()).toEqual(['a', 'b']), PATIENCE)
      expect(second.idsOf('recovered').toSorted()).toEqual(['a', 'b'])
      expect(second.told.filter(({ type }) => type === 'recovered')).toEqual(
        second.idsOf('recovered').map((taskId) => ({ type: 'recovered', taskId, attempt: 1 })),
      )
    })

    test('what ends its process each time is dead at the fourth, and takes nothing with it', async () => {
      const { open, start } = await setUp(engine)
      const inbox = open()
      const names = ['a', 'b', 'c', 'deadly', 'd', 'e', 'f']
      for (const name of names) await inbox.record(callbackOf(name))
      let deaths = 0
      while ((await inbox.stats()).dead === 0) {
        const { ended } = await start(100)
        let hasEnded = false
        void ended.then(() => {
          hasEnded = true
          deaths++
        })
        const dead = async () => (hasEnded ? 1 : (await inbox.stats()).dead)
        await vi.waitFor(async () => expect(await dead()).toBe(1), PATIENCE)
      }
      expect(deaths).toBe(4)
      expect(await inbox.get('deadly:success')).toMatchObject({ state: 'dead', crashes: 4 })
      await vi.waitFor(
        async () => expect(await inbox.stats()).toMatchObject({ dead: 1, done: names.length - 1 }),
        PATIENCE,
      )
    })
  })
}
