import { expect, test } from 'vitest'
import { createPace, paced } from '../../packages/client/src/pace.ts'
import { clientOf } from '../helpers/api.ts'
import { fakeClock } from '../helpers/clock.ts'
import { apiOf, durable, generating, open, start } from './reconciler.ts'

test('questions keep to the rate, however many ask at once, in the order that they came', async () => {
  const clock = fakeClock()
  const asked: string[] = []
  const details = async (taskId: string): Promise<never> => {
    asked.push(taskId)
    return undefined as never
  }
  const client = paced({ details }, createPace(5, clock))
  const all = Promise.all(Array.from({ length: 200 }, (_, index) => client.details(String(index))))
  for (let second = 1; second <= 3; second++) {
    await clock.advance(999)
    expect(asked).toHaveLength(second * 5)
    await clock.advance(1)
  }
  await clock.advance(40_000)
  await all
  expect(asked).toEqual(Array.from({ length: 200 }, (_, index) => String(index)))
})

test('who gives up waiting takes no turn', async () => {
  const clock = fakeClock()
  const pace = createPace(1, clock)
  const abort = new AbortController()
  const forgotten: Promise<unknown>[] = []
  await pace(abort.signal)
  for (let count = 0; count < 100; count++) forgotten.push(pace(abort.signal).catch((error: unknown) => error))
  let isOn = false
  void pace(new AbortController().signal).then(() => (isOn = true))
  const reason = new Error('enough')
  abort.abort(reason)
  expect(new Set(await Promise.all(forgotten))).toEqual(new Set([reason]))
  await clock.advance(1_000)
  expect(isOn).toBe(true)
  await clock.advance(1_000)
})

test('sweeps and waits share it', async () => {
  const api = await apiOf(generating)
  const receiver = await durable()
  const { reconciler } = start({
    client: clientOf(api),
    receiver: receiver.handler,
    pending: () => open('swept'),
    rate: 1,
    interval: 600_000,
  })
  const stop = new AbortController()
  const waits = Array.from({ length: 200 }, (_, index) => reconciler.waitFor(`t${index}`, { signal: stop.signal }))
  const ended = Promise.allSettled(waits)
  await expect.poll(() => api.asked().length).toBeGreaterThanOrEqual(2)
  // The first turn was somebody's, and the second came a second later: had the 200 not waited, they would have been here.
  stop.abort(new Error('enough'))
  await ended
  expect(api.asked().length).toBeLessThan(100)
})
