import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { settlePromises } from '../helpers/clock.ts'
import { fakeStore, jobOf, startRunner } from '../helpers/jobs.ts'
import { startReceiver, verdict } from '../helpers/receiver.ts'
import { successOf } from '../helpers/signed.ts'

const get = (): never => {
  throw new Error('do not look at me')
}

/** What cannot be looked at without throwing, or is no text where text should be. */
const HOSTILE: [name: string, thrown: unknown][] = [
  ['a message that throws', Object.defineProperty(new Error('x'), 'message', { get })],
  ['a name that throws', Object.defineProperty(new Error('x'), 'name', { get })],
  ['a symbol as its message', Object.assign(new Error('x'), { message: Symbol('x') })],
  ['an object without a prototype as its message', Object.assign(new Error('x'), { message: Object.create(null) })],
  ['a proxy that gives nothing away', new Proxy(new Error('x'), { get })],
]

describe.each(HOSTILE)('an error with %s', (_name, thrown) => {
  const throws = async (): Promise<void> => {
    throw thrown
  }

  test('from a hook counts as any other, with retries and an end', async () => {
    const store = fakeStore(jobOf('a'), jobOf('a', { attempt: 3 }))
    const { clock, events } = startRunner(store, throws, { attempts: 3 })
    await clock.advance(1_000)
    expect(events.map(({ type }) => type)).toEqual(['retrying', 'dead'])
    expect(store.notes).toMatchObject(
      [/^retry a .*cannot be read/, /^bury a.*cannot be read/].map((note) => expect.stringMatching(note)),
    )
  })

  test('from a hook before the answer is answered 500', async () => {
    const { send } = startReceiver({ onSuccess: throws })
    expect(verdict(await send(successOf()))).toBe('500 hook_failed')
  })

  test('from observe, thrown or rejected, harms nobody', async () => {
    const complained = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => complained.mockRestore())
    for (const observe of [
      throws,
      () => {
        throw thrown
      },
    ]) {
      const { send } = startReceiver({ observe })
      expect(verdict(await send(successOf()))).toBe('200 received')
      await settlePromises()
      expect(complained).toHaveBeenCalled()
    }
  })
})
