import type { DedupeStore } from '@luma-callback/core'
import { memoryDedupeOn } from '@luma-callback/core/internal'
import { dedupeContract, inboxContract, type Guarantee } from '@luma-callback/testing'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'
import { memoryInboxes, type Fault } from './memory-inbox.ts'

type Body = () => Promise<void>

/** The names of the tests that fail, and why they do. */
async function failuresOf(declare: (collect: (name: string, body: Body) => void) => void): Promise<string[]> {
  const bodies: [string, Body][] = []
  declare((name, body) => bodies.push([name, body]))
  const failed = await Promise.all(
    bodies.map(([name, body]) =>
      body().then(
        () => [],
        (error: unknown) => [`${name}: ${String(error)}`],
      ),
    ),
  )
  return failed.flat()
}

describe('the contract of inboxes', () => {
  function failures(options: { fault?: Fault; guarantees?: Guarantee[]; patience?: number }): Promise<string[]> {
    const { fault, ...contract } = options
    return failuresOf((collect) =>
      inboxContract({ test: collect, ...contract, setUp: () => ({ open: memoryInboxes(fault) }) }),
    )
  }

  test('holds for an inbox that is right', async () => {
    expect(await failures({})).toEqual([])
  })

  // Each with the test that is there to find it.
  test.concurrent.each<[Fault, Guarantee, RegExp]>([
    ['starts twice', 'started', /a second start is refused/],
    ['starts twice', 'started', /of two starts at once/],
    ['starts after it closed', 'started', /what is closed is not started/],
    ['decides before it writes', 'once', /exactly one is told "recorded"/],
    ['sees no conflict', 'once', /another content is a conflict/],
    ['delivers the conflict too', 'once', /and is not delivered/],
    ['mixes up success and failure', 'once', /a failure and a success of one task are two/],
    ['takes the key of another', 'once', /keys are told apart/],
    ['takes two keys for one form', 'once', /keys are told apart/],
    ['loses the query', 'delivered', /the hook is given what was recorded/],
    ['delivers only what it recorded itself', 'delivered', /could not begin another delivers/],
    ['loses what was cut off', 'delivered', /what was left when its process closed/],
    ['keeps what still runs when it closes', 'delivered', /what was still running when its process had closed/],
    ['counts an end that comes after it closed', 'delivered', /after its process has closed decides nothing/],
    ['leases what is leased', 'exclusive', /each of many is delivered once/],
    ['forgets what was done', 'exclusive', /a duplicate of what is done/],
    ['gives up at once', 'retried', /tried again until it succeeds/],
    ['retries for ever', 'retried', /dead after its attempts/],
    ['counts what was cut off', 'retried', /a retry that was cut off/],
    ['requeues with one attempt left', 'retried', /requeued and fails again/],
    ['never ends its closing', 'once', /exactly one is told "recorded"/],
    ['is done before the hook', 'closed', /what was cut off is delivered/],
    ['does not wait for what runs', 'closed', /closing waits for what runs/],
    ['waits for what heeds no signal', 'closed', /does not hold it up for ever/],
    ['begins more while it closes', 'closed', /nothing more is begun/],
    ['records after it closed', 'closed', /nothing is recorded after it/],
    ['loses what it records while it closes', 'closed', /recorded while it closes/],
    ['requeues what runs', 'inspected', /what runs and what waits/],
    ['requeues and wakes nobody', 'inspected', /requeued from outside/],
    ['leaves one out between pages', 'inspected', /pages hold each entry once/],
    ['lists the oldest first', 'inspected', /the latest come first/],
    ['keeps no code of a failure', 'inspected', /what a run failed with/],
    ['keeps the code of an earlier failure', 'inspected', /what a run failed with/],
    ['purges what is dead', 'inspected', /what is purged is forgotten/],
    ['forgets the keys that it purges', 'inspected', /its key is not/],
  ])('is broken by one that %s', async (fault, guarantee, name) => {
    // What is wrong would only be waited for. It can be short: on a slow machine more tests fail, which changes nothing.
    const failed = await failures({ fault, guarantees: [guarantee], patience: 1_500 })
    expect(failed).toContainEqual(expect.stringMatching(name))
  })
})

function completingForAnyone(store: DedupeStore): Partial<DedupeStore> {
  const holders = new Map<string, string>()
  return {
    async claim({ key, holder, lease, digest }) {
      const told = await store.claim({ key, holder, lease, digest })
      if (told === 'claimed') holders.set(key, holder)
      return told
    },
    complete: ({ key, holder, retention }) => store.complete({ key, holder: holders.get(key) ?? holder, retention }),
  }
}

describe('the contract of dedupe stores', () => {
  test.each<[string, (store: DedupeStore) => Partial<DedupeStore>]>([
    ['lets everyone in', () => ({ claim: async () => 'claimed' })],
    ['forgets what is done', (store) => ({ complete: ({ key, holder }) => store.release({ key, holder }) })],
    ['never lets go', () => ({ release: async () => {} })],
    ['renews for anyone', () => ({ renew: async () => true })],
    [
      'holds every claim for ever',
      (store) => ({ claim: ({ key, holder, digest }) => store.claim({ key, holder, lease: 1e9, digest }) }),
    ],
    [
      'retains for ever',
      (store) => ({ complete: ({ key, holder }) => store.complete({ key, holder, retention: 1e9 }) }),
    ],
    [
      'decides before it writes',
      (store) => {
        const held = new Map<string, string>()
        return {
          async claim({ key, holder, lease, digest }) {
            const first = held.get(key)
            await Promise.resolve()
            held.set(key, first ?? holder)
            return first === undefined ? 'claimed' : store.claim({ key, holder, lease, digest })
          },
        }
      },
    ],
    ['renews nothing', () => ({ renew: async ({ holder }) => holder === 'a' })],
    ['completes for anyone', (store) => completingForAnyone(store)],
    [
      'cuts keys short',
      (store) => ({
        claim: ({ key, holder, lease, digest }) => store.claim({ key: key.slice(0, 9), holder, lease, digest }),
      }),
    ],
  ])('is broken by one that %s', async (_name, fault) => {
    const setUp = () => {
      const clock = fakeClock()
      const store = memoryDedupeOn(clock)
      return { store: { ...store, ...fault(store) }, advance: (milliseconds: number) => clock.advance(milliseconds) }
    }
    expect(await failuresOf((collect) => dedupeContract({ test: collect, setUp }))).not.toEqual([])
  })
})
