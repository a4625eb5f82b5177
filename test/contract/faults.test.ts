import type { DedupeStore } from '@luma-callback/core'
import { memoryDedupe } from '@luma-callback/core'
import { dedupeContract, inboxContract, type Guarantee } from '@luma-callback/testing'
import { describe, expect, test } from 'vitest'
import { memoryInboxes, type Fault } from './memory-inbox.ts'

type Body = () => Promise<void>

/** The names of the tests that fail. */
async function failuresOf(declare: (collect: (name: string, body: Body) => void) => void): Promise<string[]> {
  const bodies: [string, Body][] = []
  declare((name, body) => bodies.push([name, body]))
  const failed = await Promise.all(
    bodies.map(([name, body]) =>
      body().then(
        () => [],
        () => [name],
      ),
    ),
  )
  return failed.flat()
}

describe('the contract of inboxes', () => {
  const guarantees: Guarantee[] = ['once', 'delivered', 'exclusive', 'retried', 'closed']

  function failures(fault?: Fault): Promise<string[]> {
    // What is right needs its time on a busy machine; what is wrong would only be waited for.
    const patience = fault ? 1_000 : 15_000
    return failuresOf((collect) =>
      inboxContract({ test: collect, guarantees, patience, setUp: () => ({ open: memoryInboxes(fault) }) }),
    )
  }

  test('holds for an inbox that is right', async () => {
    expect(await failures()).toEqual([])
  })

  test.each<[Fault, Guarantee]>([
    ['forgets what was done', 'exclusive'],
    ['sees no conflict', 'once'],
    ['takes the key of another', 'once'],
    ['leases what is leased', 'exclusive'],
    ['is done before the hook', 'closed'],
    ['gives up at once', 'retried'],
    ['retries for ever', 'retried'],
    ['counts what was cut off', 'closed'],
    ['does not wait for what runs', 'closed'],
    ['records after it closed', 'closed'],
  ])('is broken by one that %s', async (fault, guarantee) => {
    expect((await failures(fault)).some((name) => name.startsWith(guarantee))).toBe(true)
  })
})

describe('the contract of dedupe stores', () => {
  const right = memoryDedupe

  test.each<[string, (store: DedupeStore) => Partial<DedupeStore>]>([
    ['lets everyone in', () => ({ claim: async () => 'claimed' })],
    ['forgets what is done', (store) => ({ complete: (key, holder) => store.release(key, holder) })],
    ['never lets go', () => ({ release: async () => {} })],
    ['renews for anyone', () => ({ renew: async () => true })],
    [
      'holds every claim for ever',
      (store) => ({ claim: (key, holder, _lease, digest) => store.claim(key, holder, 1e9, digest) }),
    ],
    ['retains for ever', (store) => ({ complete: (key, holder) => store.complete(key, holder, 1e9) })],
    [
      'cuts keys short',
      (store) => ({ claim: (key, holder, lease, digest) => store.claim(key.slice(0, 9), holder, lease, digest) }),
    ],
  ])('is broken by one that %s', async (_name, fault) => {
    const setUp = () => {
      const store = right()
      return { store: { ...store, ...fault(store) } }
    }
    expect(await failuresOf((collect) => dedupeContract({ test: collect, setUp }))).not.toEqual([])
  })
})
