// Errors of another copy of core are told like those of this one. test/external/bundles.test.ts shows it of real bundles.
import { UnconfirmedError, type Inbox } from '@luma-callback/core'
import { expect, test } from 'vitest'
import { memoryInboxes } from '../contract/memory-inbox.ts'
import { serveReceiver } from '../helpers/api.ts'
import { settlePromises } from '../helpers/clock.ts'
import { fakeStore, jobOf, startRunner } from '../helpers/jobs.ts'
import { otherCore } from '../helpers/other-copy.ts'
import { startReceiver, verdict } from '../helpers/receiver.ts'
import { fixtures, signedHeaders, successOf } from '../helpers/signed.ts'
import { post } from '../helpers/wire.ts'

test('the other copy has other classes', () => {
  expect(new otherCore.UnconfirmedError('no')).not.toBeInstanceOf(UnconfirmedError)
})

test('a hook that says that no retry will help is run once', async () => {
  const store = fakeStore(jobOf('a'))
  const { events } = startRunner(store, () => Promise.reject(new otherCore.UnrecoverableError('no order')))
  await settlePromises()
  expect(store.notes).toEqual(['bury a: UnrecoverableError: no order [ERR_LUMA_UNRECOVERABLE]'])
  expect(events.map(({ type }) => type)).toEqual(['dead'])
})

test.each([
  [
    'forged',
    new otherCore.ForgedError('the API knows no such task'),
    ['received', 'forged', 'dead'],
    'ERR_LUMA_FORGED',
  ],
  ['not confirmed', new otherCore.UnconfirmedError('the API is away'), ['received', 'dead'], 'ERR_LUMA_UNCONFIRMED'],
])('a callback that is %s is told so', async (_what, error, types, code) => {
  const inbox = memoryInboxes()()
  const trust = { confirm: () => Promise.reject(error) }
  const receiver = await serveReceiver({ inbox, trust, retry: { attempts: 1, minDelay: 1, maxDelay: 1 } })
  await post(receiver.url, fixtures.success, signedHeaders())
  await expect.poll(() => receiver.events.map(({ type }) => type)).toEqual(types)
  expect(receiver.events.at(-1)).toMatchObject({ error: { code } })
})

test.each([
  ['ClosedError', '503 closing'],
  ['StoreUnavailableError', '503 store_unavailable'],
  ['InProgressError', '503 in_progress'],
  ['LeaseLostError', '503 in_progress'],
  ['BusyError', '503 busy'],
  ['HookFailedError', '500 hook_failed'],
] as const)('a %s of an inbox is answered %s', async (name, answer) => {
  const inbox: Inbox = {
    record: () => Promise.reject(new otherCore[name]('not now')),
    start: async () => {},
    close: async () => {},
  }
  const { send } = startReceiver({ inbox })
  expect(verdict(await send(successOf()))).toBe(answer)
})

test('a store that is away behind verify is answered 503, and not as a refusal', async () => {
  const verify = () => Promise.reject(new otherCore.StoreUnavailableError('the API is away'))
  const { send } = startReceiver({ verify })
  expect(verdict(await send(successOf()))).toBe('503 store_unavailable')
})
