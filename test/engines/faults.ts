import type { DurableInbox, LumaEvent, Recorded } from '@luma-callback/core'
import type { Deliver } from '@luma-callback/core/inbox'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { startProxy } from '../helpers/proxy.ts'
import type { Engine } from './engine.ts'
import { PATIENCE, untilAtLeast } from '../helpers/patience.ts'

/** Records it, and comes again after a refusal, as the provider does. */
async function recordAtLast(inbox: DurableInbox, id: string): Promise<void> {
  await vi.waitFor(() => inbox.record(callbackOf(id)), PATIENCE)
}

function idsOf(events: readonly LumaEvent[], type: 'delivered' | 'recovered'): string[] {
  return events.flatMap((event) => (event.type === type ? [event.callback.taskId] : []))
}

const isLost = (event: LumaEvent): boolean =>
  event.type === 'error' && (event.error as { code?: unknown }).code === 'ERR_LUMA_LEASE_LOST'

/** A hook whose run of each task ends when the test says so, whatever its signal says. */
function gatedHook(): { hook: Deliver; end: (id: string) => void; signalOf: (id: string) => AbortSignal | undefined } {
  const runs = new Map<string, { signal: AbortSignal; end: () => void }>()
  return {
    hook: ({ taskId }, { signal }) => new Promise((end) => void runs.set(taskId, { signal, end })),
    end: (id) => runs.get(id)?.end(),
    signalOf: (id) => runs.get(id)?.signal,
  }
}

export function testFaults({ name, canStart, startReason, startServer, urlAt, open }: Engine): void {
  /** An inbox that soon gives up. What it needs on its server was made by one that had time. */
  async function openImpatient(url: string, options: { lease?: number } = {}): Promise<DurableInbox> {
    const patient = open(url)
    await startInbox(patient)
    await patient.close()
    return open(url, { timeout: 500, ...options })
  }

  describe.skipIf(!canStart)(`a ${name} that fails${startReason}`, () => {
    test('killed under load and started again, it has lost nothing, and nothing that was done runs again', async () => {
      const server = await startServer()
      const [inbox, other] = [open(server.url), open(server.url)]
      const working = await Promise.all([inbox, other].map((one) => startInbox(one, () => sleep(5))))
      const recorded: string[] = []
      const told: Promise<void>[] = []
      const load = new AbortController()
      const loading = (async () => {
        while (!load.signal.aborted) {
          for (const one of [inbox, other]) {
            const id = `task-${told.length}`
            const note = (answer: Recorded) => void (answer === 'recorded' && recorded.push(id))
            told.push(one.record(callbackOf(id)).then(note, () => {}))
          }
          await sleep(2)
        }
      })()
      /** However slow the machine is, each kill comes while much is on its way. */
      async function untilMore(): Promise<void> {
        const enough = recorded.length + 30
        await untilAtLeast(enough, () => recorded.length)
      }
      for (let kills = 0; kills < 3; kills++) {
        await untilMore()
        await server.kill()
        await sleep(200)
        await server.start()
      }
      await untilMore()
      load.abort()
      await loading
      await Promise.all(told)
      // What was taken in the moment of a kill waits for the end of its lease, and of the time after an outage.
      await untilAtLeast(0, async () => {
        const { pending, running } = await inbox.stats()
        return -(pending + running)
      })
      expect(await inbox.stats()).toMatchObject({ pending: 0, running: 0, dead: 0 })
      const delivered = working.flatMap(({ events }) => idsOf(events, 'delivered'))
      const runs = working.flatMap((one) => one.runs)
      expect(recorded.filter((id) => !runs.includes(id))).toEqual([])
      expect(delivered.length).toBe(new Set(delivered).size)
    })

    test('while it is away, a callback is refused at once; what was recorded before goes on when it is back', async () => {
      const server = await startServer()
      const inbox = await openImpatient(server.url)
      let mayEnd: () => void = () => {}
      const gate = new Promise<void>((resolve) => {
        mayEnd = resolve
      })
      const { events, runs } = await startInbox(inbox, () => gate, { concurrency: 1 })
      for (const id of ['a', 'b']) await recordAtLast(inbox, id)
      await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
      await server.kill()
      const startedAt = performance.now()
      await expect(inbox.record(callbackOf('c'))).rejects.toMatchObject({ code: 'ERR_LUMA_STORE_UNAVAILABLE' })
      await expect(inbox.stats()).rejects.toMatchObject({ code: 'ERR_LUMA_STORE_UNAVAILABLE' })
      expect(performance.now() - startedAt).toBeLessThan(PATIENCE.timeout)
      // The hook ends while nobody can be told.
      mayEnd()
      await sleep(500)
      await server.start()
      await vi.waitFor(() => expect(idsOf(events, 'delivered')).toEqual(['a', 'b']), PATIENCE)
      expect(runs).toEqual(['a', 'b'])
      await recordAtLast(inbox, 'c')
    })

    test.each(['killed', 'behind a network that swallows everything'])(
      '%s for longer than a lease, it runs no hook again that has ended, whoever looks first',
      async (fault) => {
        const server = await startServer()
        const proxy = await startProxy(server.port)
        const url = urlAt(proxy.port)
        const lease = 5_000
        let mayEnd: () => void = () => {}
        const gate = new Promise<void>((resolve) => {
          mayEnd = resolve
        })
        // With such pauses between attempts, what is to be written must not wait for as long as a hook that failed.
        const retry = { attempts: 5, minDelay: 600_000, maxDelay: 600_000 }
        const inbox = open(url, { lease })
        const holder = await startInbox(inbox, () => gate, { retry })
        await inbox.record(callbackOf('a'))
        await vi.waitFor(() => expect(holder.runs).toEqual(['a']), PATIENCE)
        const other = await startInbox(open(url, { lease }), undefined, { retry })
        if (fault === 'killed') await server.kill()
        else proxy.stall()
        mayEnd()
        await sleep(lease + 2_000)
        if (fault === 'killed') await server.start()
        else proxy.heal()
        await vi.waitFor(async () => expect(await inbox.get('a:success')).toMatchObject({ state: 'done' }), PATIENCE)
        expect([...holder.runs, ...other.runs]).toEqual(['a'])
        await vi.waitFor(() => expect(idsOf(holder.events, 'delivered')).toEqual(['a']), PATIENCE)
      },
    )

    test('that comes up after its inbox was started is worked with all the same', async () => {
      const server = await startServer()
      await server.kill()
      const inbox = open(server.url, { timeout: 5_000 })
      const { events } = await startInbox(inbox)
      await expect(inbox.record(callbackOf('early'))).rejects.toMatchObject({ code: 'ERR_LUMA_STORE_UNAVAILABLE' })
      await server.start()
      await recordAtLast(inbox, 'late')
      await vi.waitFor(() => expect(idsOf(events, 'delivered')).toContain('late'), PATIENCE)
    })

    test('behind a network that swallows everything, it refuses in time, and goes on when that is mended', async () => {
      const server = await startServer()
      const proxy = await startProxy(server.port)
      const inbox = await openImpatient(urlAt(proxy.port))
      const { events } = await startInbox(inbox)
      await recordAtLast(inbox, 'before')
      await vi.waitFor(() => expect(idsOf(events, 'delivered')).toEqual(['before']), PATIENCE)
      proxy.stall()
      await expect(inbox.record(callbackOf('during'))).rejects.toMatchObject({ code: 'ERR_LUMA_STORE_UNAVAILABLE' })
      proxy.heal()
      // The provider comes again.
      await recordAtLast(inbox, 'during')
      await vi.waitFor(() => expect(idsOf(events, 'delivered')).toEqual(['before', 'during']), PATIENCE)
    })

    test.each(['killed', 'behind a network that swallows everything'])(
      '%s for longer than a lease, it aborts no hook that runs, if no other process took it; its success counts, once',
      async (fault) => {
        const server = await startServer()
        const proxy = await startProxy(server.port)
        const lease = 3_000
        const inbox = open(urlAt(proxy.port), { lease, timeout: 500 })
        const { hook, end, signalOf } = gatedHook()
        const { runs, events } = await startInbox(inbox, hook)
        for (const id of ['during', 'after']) await recordAtLast(inbox, id)
        await vi.waitFor(() => expect(runs.toSorted()).toEqual(['after', 'during']), PATIENCE)
        if (fault === 'killed') await server.kill()
        else proxy.stall()
        await sleep(lease + 1_000)
        end('during')
        await sleep(500)
        if (fault === 'killed') await server.start()
        else proxy.heal()
        await vi.waitFor(() => expect(idsOf(events, 'delivered')).toEqual(['during']), PATIENCE)
        end('after')
        await vi.waitFor(() => expect(idsOf(events, 'delivered')).toEqual(['during', 'after']), PATIENCE)
        expect(runs).toHaveLength(2)
        expect(['during', 'after'].map((id) => signalOf(id)?.aborted)).toEqual([false, false])
        expect(events.filter(isLost)).toEqual([])
      },
    )

    test('one that cannot reach it, while another can, runs on; at its return its hooks abort, and its ends change nothing', async () => {
      const server = await startServer()
      const proxy = await startProxy(server.port)
      const lease = 3_000
      const cutOff = await openImpatient(urlAt(proxy.port), { lease })
      const { hook, end, signalOf } = gatedHook()
      const first = await startInbox(cutOff, hook)
      for (const id of ['ends', 'runs']) await recordAtLast(cutOff, id)
      await vi.waitFor(() => expect(first.runs.toSorted()).toEqual(['ends', 'runs']), PATIENCE)
      proxy.stall()
      const other = open(server.url, { lease })
      const fails = async (): Promise<void> => {
        throw new Error('the other one says no')
      }
      const second = await startInbox(other, fails, { retry: { attempts: 1, minDelay: 1, maxDelay: 1 } })
      await vi.waitFor(() => expect(second.events.filter(({ type }) => type === 'dead')).toHaveLength(2), PATIENCE)
      end('ends')
      await sleep(500)
      expect(signalOf('runs')?.aborted).toBe(false)
      proxy.heal()
      const isAborted = expect.objectContaining({ code: 'ERR_LUMA_LEASE_LOST' })
      await vi.waitFor(() => expect(signalOf('runs')?.reason).toEqual(isAborted), PATIENCE)
      end('runs')
      await vi.waitFor(() => expect(first.events.filter(isLost)).toHaveLength(2), PATIENCE)
      expect(idsOf(first.events, 'delivered')).toEqual([])
      for (const id of ['ends', 'runs']) {
        expect(await other.get(`${id}:success`)).toMatchObject({ state: 'dead', attempts: 1, crashes: 1 })
      }
    })

    test('can be closed from, also while it is away', async () => {
      const server = await startServer()
      const inbox = open(server.url)
      await startInbox(inbox)
      await inbox.record(callbackOf('a'))
      await server.kill()
      await inbox.close({ timeout: 100 })
      await expect(inbox.record(callbackOf('b'))).rejects.toMatchObject({ code: 'ERR_LUMA_CLOSED' })
    })
  })
}
