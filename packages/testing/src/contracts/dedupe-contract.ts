import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DedupeStore } from '@luma-callback/core'
import { callable, checkOptions, type Rules } from '@luma-callback/core/internal'
import { HOSTILE_KEYS } from './callbacks.ts'

/** The store of one test. */
export interface DedupeSetUp {
  store: DedupeStore
  /** Lets milliseconds pass for the store; without it they are waited for. */
  advance?: (milliseconds: number) => void | Promise<void>
  /** Called at the end of the test. */
  tearDown?: () => void | Promise<void>
}

/** The options of `dedupeContract`. */
export interface DedupeContractOptions {
  /** The `test` of your test framework, or any function that is called like it. */
  test: (name: string, body: () => Promise<void>) => unknown
  /** Makes a store for one test, empty and its own. */
  setUp: () => DedupeSetUp | Promise<DedupeSetUp>
}

interface StoreTest {
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

const RULES: Rules<DedupeContractOptions> = { test: callable(), setUp: callable() }

/**
 * Declares the tests that hold a dedupe store to its contract.
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 * import { memoryDedupe } from '@luma-callback/core'
 * import { dedupeContract } from '@luma-callback/testing'
 *
 * dedupeContract({ test, setUp: () => ({ store: memoryDedupe() }) })
 * ```
 * @throws TypeError that names the option that is wrong or unknown.
 */
export function dedupeContract(options: DedupeContractOptions): void {
  const { test, setUp } = checkOptions('dedupeContract', options, RULES)
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
  const claims = Array.from({ length: 50 }, (_, index) =>
    store.claim({ key, holder: `holder-${index}`, lease: LONG, digest: DIGEST }),
  )
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
    const told = await store.claim({ key, holder: 'b', lease: LONG, digest: DIGEST })
    if (performance.now() - startedAt < lease || lease > LONG) return { key, lease, told }
  }
}

const TESTS: Readonly<Record<string, (storeTest: StoreTest) => Promise<void>>> = {
  'of many claims at once exactly one is claimed, be the key new, released or run out': async ({ store, advance }) => {
    await store.claim({ key: 'run out', holder: 'late', lease: LEASE, digest: DIGEST })
    await store.claim({ key: 'released', holder: 'a', lease: LONG, digest: DIGEST })
    await store.release({ key: 'released', holder: 'a' })
    await advance(PAST_LEASE)
    for (const key of ['new', 'released', 'run out']) await assertOneClaims(store, key)
  },

  'what is held is held, whatever the content': async ({ store }) => {
    assert.equal(await store.claim({ key: 'key', holder: 'a', lease: LONG, digest: DIGEST }), 'claimed')
    assert.equal(await store.claim({ key: 'key', holder: 'b', lease: LONG, digest: OTHER }), 'held')
  },

  'claiming again what one holds is claimed': async ({ store }) => {
    assert.equal(await store.claim({ key: 'key', holder: 'a', lease: LONG, digest: DIGEST }), 'claimed')
    assert.equal(await store.claim({ key: 'key', holder: 'a', lease: LONG, digest: DIGEST }), 'claimed')
    assert.equal(await store.claim({ key: 'key', holder: 'b', lease: LONG, digest: DIGEST }), 'held')
  },

  'what is complete is done, or, with another content, a conflict': async ({ store }) => {
    await store.claim({ key: 'key', holder: 'a', lease: LONG, digest: DIGEST })
    await store.complete({ key: 'key', holder: 'a', retention: LONG })
    assert.equal(await store.claim({ key: 'key', holder: 'a', lease: LONG, digest: DIGEST }), 'done')
    assert.equal(await store.claim({ key: 'key', holder: 'b', lease: LONG, digest: DIGEST }), 'done')
    assert.ok(['conflict', 'done'].includes(await store.claim({ key: 'key', holder: 'b', lease: LONG, digest: OTHER })))
  },

  'what is released can be claimed, and is its former holder’s no more': async ({ store }) => {
    await store.claim({ key: 'key', holder: 'a', lease: LONG, digest: DIGEST })
    await store.release({ key: 'key', holder: 'a' })
    assert.equal(await store.renew({ key: 'key', holder: 'a', lease: LONG }), false)
    await store.complete({ key: 'key', holder: 'a', retention: LONG })
    assert.equal(await store.claim({ key: 'key', holder: 'b', lease: LONG, digest: OTHER }), 'claimed')
  },

  'a claim that was not renewed goes to whoever asks next, and its late holder changes nothing': async (storeTest) => {
    const { store, advance } = storeTest
    const { key, lease, told } = await askInTime(store, (name, time) =>
      store.claim({ key: name, holder: 'late', lease: time, digest: DIGEST }),
    )
    assert.equal(told, 'held')
    await advance(lease + MARGIN)
    assert.equal(await store.claim({ key, holder: 'b', lease: LONG, digest: DIGEST }), 'claimed')
    assert.equal(await store.renew({ key, holder: 'late', lease: LONG }), false)
    await store.complete({ key, holder: 'late', retention: LONG })
    assert.equal(await store.claim({ key, holder: 'c', lease: LONG, digest: DIGEST }), 'held')
    await store.release({ key, holder: 'late' })
    assert.equal(await store.claim({ key, holder: 'c', lease: LONG, digest: DIGEST }), 'held')
    assert.equal(await store.renew({ key, holder: 'b', lease: LONG }), true)
  },

  'a claim that has run out is still its holder’s, to renew and to complete, while nobody else claims': async (
    storeTest,
  ) => {
    const { store, advance } = storeTest
    await store.claim({ key: 'renewed', holder: 'a', lease: LEASE, digest: DIGEST })
    await store.claim({ key: 'done', holder: 'a', lease: LEASE, digest: DIGEST })
    await advance(PAST_LEASE)
    assert.equal(await store.renew({ key: 'renewed', holder: 'a', lease: LONG }), true)
    assert.equal(await store.claim({ key: 'renewed', holder: 'b', lease: LONG, digest: DIGEST }), 'held')
    await store.complete({ key: 'done', holder: 'a', retention: LONG })
    assert.equal(await store.claim({ key: 'done', holder: 'b', lease: LONG, digest: DIGEST }), 'done')
  },

  'a claim that is renewed holds': async ({ store, advance }) => {
    await store.claim({ key: 'key', holder: 'a', lease: LEASE, digest: DIGEST })
    for (let third = 0; third < 6; third++) {
      await advance(LEASE / 3)
      assert.equal(await store.renew({ key: 'key', holder: 'a', lease: LONG }), true)
    }
    assert.equal(await store.claim({ key: 'key', holder: 'b', lease: LONG, digest: DIGEST }), 'held')
  },

  'a claim that is renewed no more runs out a lease later': async ({ store, advance }) => {
    await store.claim({ key: 'key', holder: 'a', lease: LEASE, digest: DIGEST })
    assert.equal(await store.renew({ key: 'key', holder: 'a', lease: LEASE }), true)
    await advance(PAST_LEASE)
    assert.equal(await store.claim({ key: 'key', holder: 'b', lease: LONG, digest: DIGEST }), 'claimed')
  },

  'nobody but the holder renews, completes or releases': async ({ store }) => {
    await store.claim({ key: 'key', holder: 'a', lease: LONG, digest: DIGEST })
    assert.equal(await store.renew({ key: 'key', holder: 'b', lease: LONG }), false)
    assert.equal(await store.renew({ key: 'unknown', holder: 'b', lease: LONG }), false)
    await store.release({ key: 'key', holder: 'b' })
    await store.complete({ key: 'key', holder: 'b', retention: LONG })
    await store.complete({ key: 'unknown', holder: 'b', retention: LONG })
    assert.equal(await store.claim({ key: 'key', holder: 'c', lease: LONG, digest: DIGEST }), 'held')
    assert.equal(await store.claim({ key: 'unknown', holder: 'c', lease: LONG, digest: DIGEST }), 'claimed')
  },

  'what is done cannot be released or renewed by whoever did it': async ({ store }) => {
    await store.claim({ key: 'key', holder: 'a', lease: LONG, digest: DIGEST })
    await store.complete({ key: 'key', holder: 'a', retention: LONG })
    await store.release({ key: 'key', holder: 'a' })
    assert.equal(await store.renew({ key: 'key', holder: 'a', lease: LONG }), false)
    assert.equal(await store.claim({ key: 'key', holder: 'b', lease: LONG, digest: DIGEST }), 'done')
  },

  'what is done is forgotten after its retention, and not before': async ({ store, advance }) => {
    await store.claim({ key: 'long', holder: 'a', lease: LEASE, digest: DIGEST })
    await store.complete({ key: 'long', holder: 'a', retention: LONG })
    const { key, lease, told } = await askInTime(store, async (name, retention) => {
      await store.claim({ key: name, holder: 'a', lease: LONG, digest: DIGEST })
      await store.complete({ key: name, holder: 'a', retention })
    })
    assert.equal(told, 'done')
    await advance(lease + MARGIN)
    assert.equal(await store.claim({ key, holder: 'b', lease: LONG, digest: DIGEST }), 'claimed')
    assert.equal(await store.claim({ key: 'long', holder: 'b', lease: LONG, digest: DIGEST }), 'done')
  },

  'keys are told apart to the last character, whatever they hold': async ({ store }) => {
    for (const key of HOSTILE_KEYS)
      assert.equal(await store.claim({ key, holder: 'a', lease: LONG, digest: DIGEST }), 'claimed', key.slice(0, 40))
    for (const key of HOSTILE_KEYS)
      assert.equal(await store.claim({ key, holder: 'b', lease: LONG, digest: DIGEST }), 'held', key.slice(0, 40))
    for (const key of HOSTILE_KEYS) await store.complete({ key, holder: 'a', retention: LONG })
    for (const key of HOSTILE_KEYS)
      assert.equal(await store.claim({ key, holder: 'c', lease: LONG, digest: DIGEST }), 'done', key.slice(0, 40))
  },
}
