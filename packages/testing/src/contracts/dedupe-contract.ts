import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DedupeStore } from '@luma-callback/core'
import { HOSTILE_KEYS } from './callbacks.ts'

/** The store of one test. */
export interface DedupeSetUp {
  store: DedupeStore
  /** Lets milliseconds pass for the store; without it they are waited for. */
  advance?: (milliseconds: number) => void | Promise<void>
  /** Called at the end of the test. */
  tearDown?: () => void | Promise<void>
}

export interface DedupeContractOptions {
  /** The `test` of your test framework, or any function that is called like it. */
  test: (name: string, body: () => Promise<void>) => unknown
  /** Makes a store for one test, empty and its own. */
  setUp: () => DedupeSetUp | Promise<DedupeSetUp>
}

interface Trial {
  store: DedupeStore
  advance: (milliseconds: number) => void | Promise<void>
}

/** The shortest lease: what runs out has to be waited for. */
const LEASE = 1_000
/** From a lease's end until it has surely run out. */
const MARGIN = 100
const PAST_LEASE = LEASE + MARGIN
/** No test takes as long, however slow the machine is. */
const LONG = 600_000
const DIGEST = 'd'.repeat(64)
const OTHER = 'e'.repeat(64)

/**
 * Declares the tests that hold a dedupe store to its contract.
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 * dedupeContract({ test, setUp: () => ({ store: myDedupe(url) }) })
 * ```
 */
export function dedupeContract({ test, setUp }: DedupeContractOptions): void {
  for (const [name, body] of Object.entries(TESTS)) {
    test(name, async () => {
      const { store, advance = (milliseconds) => sleep(milliseconds), tearDown } = await setUp()
      try {
        await body({ store, advance })
      } finally {
        await tearDown?.()
      }
    })
  }
}

/** Many claim a key at once, and it must go to one of them. */
async function assertOneClaims(store: DedupeStore, key: string): Promise<void> {
  const claims = Array.from({ length: 50 }, (_, index) => store.claim(key, `holder-${index}`, LONG, DIGEST))
  const told = await Promise.all(claims)
  assert.equal(told.filter((one) => one === 'claimed').length, 1)
  assert.equal(told.filter((one) => one === 'held').length, 49)
}

interface Asked {
  key: string
  lease: number
  told: Claim
}

type Claim = Awaited<ReturnType<DedupeStore['claim']>>

/**
 * Holds a key for a short time, and claims it before that time is over. On a machine that is too slow for that it is done
 * again with another key, and four times as long.
 */
async function askInTime(store: DedupeStore, hold: (key: string, lease: number) => Promise<unknown>): Promise<Asked> {
  for (let lease = LEASE; ; lease *= 4) {
    const key = `key for ${lease} ms`
    const startedAt = performance.now()
    await hold(key, lease)
    const told = await store.claim(key, 'b', LONG, DIGEST)
    if (performance.now() - startedAt < lease || lease > LONG) return { key, lease, told }
  }
}

const TESTS: Readonly<Record<string, (trial: Trial) => Promise<void>>> = {
  'of many claims at once exactly one is claimed, be the key new, released or run out': async ({ store, advance }) => {
    await store.claim('run out', 'late', LEASE, DIGEST)
    await store.claim('released', 'a', LONG, DIGEST)
    await store.release('released', 'a')
    await advance(PAST_LEASE)
    for (const key of ['new', 'released', 'run out']) await assertOneClaims(store, key)
  },

  'what is held is held, whatever the content': async ({ store }) => {
    assert.equal(await store.claim('key', 'a', LONG, DIGEST), 'claimed')
    assert.equal(await store.claim('key', 'b', LONG, OTHER), 'held')
  },

  'claiming again what one holds is claimed': async ({ store }) => {
    assert.equal(await store.claim('key', 'a', LONG, DIGEST), 'claimed')
    assert.equal(await store.claim('key', 'a', LONG, DIGEST), 'claimed')
    assert.equal(await store.claim('key', 'b', LONG, DIGEST), 'held')
  },

  'what is complete is done, or, with another content, a conflict': async ({ store }) => {
    await store.claim('key', 'a', LONG, DIGEST)
    await store.complete('key', 'a', LONG)
    assert.equal(await store.claim('key', 'a', LONG, DIGEST), 'done')
    assert.equal(await store.claim('key', 'b', LONG, DIGEST), 'done')
    assert.ok(['conflict', 'done'].includes(await store.claim('key', 'b', LONG, OTHER)))
  },

  'what is released can be claimed, and is its former holder’s no more': async ({ store }) => {
    await store.claim('key', 'a', LONG, DIGEST)
    await store.release('key', 'a')
    assert.equal(await store.renew('key', 'a', LONG), false)
    await store.complete('key', 'a', LONG)
    assert.equal(await store.claim('key', 'b', LONG, OTHER), 'claimed')
  },

  'a claim that was not renewed goes to whoever asks next, and its late holder changes nothing': async (trial) => {
    const { store, advance } = trial
    const { key, lease, told } = await askInTime(store, (name, time) => store.claim(name, 'late', time, DIGEST))
    assert.equal(told, 'held')
    await advance(lease + MARGIN)
    assert.equal(await store.claim(key, 'b', LONG, DIGEST), 'claimed')
    assert.equal(await store.renew(key, 'late', LONG), false)
    await store.complete(key, 'late', LONG)
    assert.equal(await store.claim(key, 'c', LONG, DIGEST), 'held')
    await store.release(key, 'late')
    assert.equal(await store.claim(key, 'c', LONG, DIGEST), 'held')
    assert.equal(await store.renew(key, 'b', LONG), true)
  },

  'a claim that has run out is still its holder’s, to renew and to complete, while nobody else claims': async (
    trial,
  ) => {
    const { store, advance } = trial
    await store.claim('renewed', 'a', LEASE, DIGEST)
    await store.claim('done', 'a', LEASE, DIGEST)
    await advance(PAST_LEASE)
    assert.equal(await store.renew('renewed', 'a', LONG), true)
    assert.equal(await store.claim('renewed', 'b', LONG, DIGEST), 'held')
    await store.complete('done', 'a', LONG)
    assert.equal(await store.claim('done', 'b', LONG, DIGEST), 'done')
  },

  'a claim that is renewed holds': async ({ store, advance }) => {
    await store.claim('key', 'a', LEASE, DIGEST)
    for (let third = 0; third < 6; third++) {
      await advance(LEASE / 3)
      assert.equal(await store.renew('key', 'a', LONG), true)
    }
    assert.equal(await store.claim('key', 'b', LONG, DIGEST), 'held')
  },

  'a claim that is renewed no more runs out a lease later': async ({ store, advance }) => {
    await store.claim('key', 'a', LEASE, DIGEST)
    assert.equal(await store.renew('key', 'a', LEASE), true)
    await advance(PAST_LEASE)
    assert.equal(await store.claim('key', 'b', LONG, DIGEST), 'claimed')
  },

  'nobody but the holder renews, completes or releases': async ({ store }) => {
    await store.claim('key', 'a', LONG, DIGEST)
    assert.equal(await store.renew('key', 'b', LONG), false)
    assert.equal(await store.renew('unknown', 'b', LONG), false)
    await store.release('key', 'b')
    await store.complete('key', 'b', LONG)
    await store.complete('unknown', 'b', LONG)
    assert.equal(await store.claim('key', 'c', LONG, DIGEST), 'held')
    assert.equal(await store.claim('unknown', 'c', LONG, DIGEST), 'claimed')
  },

  'what is done cannot be released or renewed by whoever did it': async ({ store }) => {
    await store.claim('key', 'a', LONG, DIGEST)
    await store.complete('key', 'a', LONG)
    await store.release('key', 'a')
    assert.equal(await store.renew('key', 'a', LONG), false)
    assert.equal(await store.claim('key', 'b', LONG, DIGEST), 'done')
  },

  'what is done is forgotten after its retention, and not before': async ({ store, advance }) => {
    await store.claim('long', 'a', LEASE, DIGEST)
    await store.complete('long', 'a', LONG)
    const { key, lease, told } = await askInTime(store, async (name, retention) => {
      await store.claim(name, 'a', LONG, DIGEST)
      await store.complete(name, 'a', retention)
    })
    assert.equal(told, 'done')
    await advance(lease + MARGIN)
    assert.equal(await store.claim(key, 'b', LONG, DIGEST), 'claimed')
    assert.equal(await store.claim('long', 'b', LONG, DIGEST), 'done')
  },

  'keys are told apart to the last character, whatever they hold': async ({ store }) => {
    for (const key of HOSTILE_KEYS) assert.equal(await store.claim(key, 'a', LONG, DIGEST), 'claimed', key.slice(0, 40))
    for (const key of HOSTILE_KEYS) assert.equal(await store.claim(key, 'b', LONG, DIGEST), 'held', key.slice(0, 40))
    for (const key of HOSTILE_KEYS) await store.complete(key, 'a', LONG)
    for (const key of HOSTILE_KEYS) assert.equal(await store.claim(key, 'c', LONG, DIGEST), 'done', key.slice(0, 40))
  },
}
