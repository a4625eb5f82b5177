import type { Simulator, SimulatorTask } from '@luma-callback/testing'
import { submit } from './provider.ts'
import type { Receiver } from './receiver.ts'
import { check, say, showLog, title, until } from './report.ts'
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
  title('A task is submitted through the API')
  const taskId = await submit(simulator, receiver.url, 'a fox in the snow')
  say(`the provider took it as ${taskId}`)
  await simulator.idle()
  const [delivery] = simulator.deliveries.toReversed()
  const { status, error, answer } = delivery ?? {}
  say(`it was called back and answered ${status ?? error} ${answer}`)
  if (status === 200) await until(() => isTold(shop, taskId), HOOK_PATIENCE)
  await receiver.quiet()
  showLog(receiver.takeLines())
  check(status === 200, `the first callback should have been answered 200, it was ${status ?? error}`)
  if (status === 200) check(isTold(shop, taskId), 'the hook should have told your own system, and did not')
  return status === 200
}

/** Submits some at once; some fail, some are called back twice, and your own system is down for a moment. */
export async function showTasks({ simulator, receiver, shop }: Stage): Promise<void> {
  title(`${TASKS} more tasks, and your own system is down for a moment`)
  shop.failOnce()
  const before = simulator.deliveries.length
  const prompts = Array.from({ length: TASKS }, (_, index) => `a fox, take ${index + 1}`)
  const taskIds = await Promise.all(prompts.map((prompt) => submit(simulator, receiver.url, prompt)))
  await simulator.idle()
  const deliveries = simulator.deliveries.slice(before)
  const duplicates = deliveries.filter(({ kind }) => kind === 'duplicate').length
  say(`${deliveries.length} callbacks were sent, ${duplicates} of them a second time`)
  await until(() => taskIds.every((taskId) => isTold(shop, taskId)), HOOK_PATIENCE)
  await receiver.quiet()
  showLog(receiver.takeLines())
  const others = deliveries.filter(({ status }) => status !== 200)
  check(others.length === 0, `all should have been answered 200, ${others.length} were not: ${others[0]?.error ?? ''}`)
  const told = taskIds.filter((taskId) => isTold(shop, taskId)).length
  check(told === TASKS, `your own system should have been told of ${TASKS} tasks, it was of ${told}`)
}

export function isTold(shop: Shop, taskId: SimulatorTask['taskId']): boolean {
  return shop.told.some((told) => told.taskId === taskId)
}
