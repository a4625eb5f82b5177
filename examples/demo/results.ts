import type { Simulator, SimulatorTask } from '@luma-callback/testing'
import { submit } from './provider.ts'
import type { Receiver } from './receiver.ts'
import { check, until } from './report.ts'
import type { Shop } from './shop.ts'

/** The three that a demo is between. */
export interface Stage {
  simulator: Simulator
  receiver: Receiver
  shop: Shop
}

const TASKS = 8
/** A hook that failed is run again after at most a second; the rest is for machines that are slow. */
export const HOOK_PATIENCE = 10_000

/** Submits one task and waits for its result. Without a 200 there is no use in going on. */
export async function showFirstTask({ simulator, receiver, shop }: Stage): Promise<boolean> {
  const taskId = await submit(simulator, receiver.url, 'a fox in the snow')
  await simulator.idle()
  const [delivery] = simulator.deliveries.toReversed()
  const { status, error } = delivery ?? {}
  if (status === 200) await until(() => isTold(shop, taskId), HOOK_PATIENCE)
  await receiver.quiet()
  const log = receiver.takeLines()
  check({
    holds: status === 200,
    sentence: 'A task is done: the provider calls back, and the receiver answers 200.',
    trouble: `the first callback should have been answered 200, it was ${status ?? error}`,
    log,
  })
  if (status !== 200) return false
  check({
    holds: isTold(shop, taskId),
    sentence: 'The hook for that task runs, and tells your own system of the result.',
    trouble: 'the hook should have told your own system, and did not',
    log,
  })
  return true
}

/** Submits some at once; some fail, some are called back twice, and your own system is down for a moment. */
export async function showTasks({ simulator, receiver, shop }: Stage): Promise<void> {
  shop.failOnce()
  const before = simulator.deliveries.length
  const prompts = Array.from({ length: TASKS }, (_, index) => `a fox, take ${index + 1}`)
  const taskIds = await Promise.all(prompts.map((prompt) => submit(simulator, receiver.url, prompt)))
  await simulator.idle()
  const deliveries = simulator.deliveries.slice(before)
  const duplicates = deliveries.filter(({ kind }) => kind === 'duplicate').length
  await until(() => taskIds.every((taskId) => isTold(shop, taskId)), HOOK_PATIENCE)
  await receiver.quiet()
  const log = receiver.takeLines()
  const others = deliveries.filter(({ status }) => status !== 200)
  check({
    holds: others.length === 0,
    sentence: `${TASKS} tasks at once, ${duplicates} of them called back twice: all callbacks are answered 200.`,
    trouble: `all should have been answered 200, ${others.length} were not: ${others[0]?.error ?? ''}`,
    log,
  })
  const told = taskIds.filter((taskId) => isTold(shop, taskId)).length
  check({
    holds: told === TASKS,
    sentence: 'Your own system is down for a moment: the hook that fails is run again.',
    trouble: `your own system should have been told of ${TASKS} tasks, it was of ${told}`,
    log,
  })
}

export function isTold(shop: Shop, taskId: SimulatorTask['taskId']): boolean {
  return shop.told.some((told) => told.taskId === taskId)
}
