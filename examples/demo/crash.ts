import { send, successOf } from './deliveries.ts'
import type { Receiver } from './receiver.ts'
import { check, say, showLog, title, until } from './report.ts'
import type { Shop } from './shop.ts'

/** What is called back just before the crash. */
export const TASKS: readonly string[] = Array.from(
  { length: 16 },
  (_, index) => `task-${String(index + 1).padStart(2, '0')}`,
)
/** Hooks that are done before the crash; of the others, those that there are slots for are at work, and the rest waits. */
const DONE_BEFORE = 3
const SLOTS = 10
const WAIT = 3_000

/**
 * Kills a receiver while its hooks run, and looks whether each callback that it had answered 200 gets its hook
 * from the one that is started after it.
 */
export async function showCrash(options: {
  receiver: Receiver
  restart: () => Promise<Receiver>
  shop: Shop
  key: string
  timeout: number
}): Promise<void> {
  const { receiver, restart, shop, key, timeout } = options
  /** Each task of ours once, however often its hook ran. */
  const done = () => TASKS.filter((id) => shop.told.some(({ taskId }) => taskId === id))

  title(`${TASKS.length} more tasks succeeded, and the hooks take long`)
  shop.answerOnly(DONE_BEFORE)
  const replies = await Promise.all(TASKS.map((taskId) => send(receiver.url, successOf(taskId, key), timeout)))
  const promised = TASKS.filter((_, index) => replies[index]?.status === 200)
  const others = new Set(replies.filter(({ status }) => status !== 200).map(({ status, text }) => status ?? text))
  say(`${promised.length} of ${TASKS.length} were answered 200`)
  check(
    others.size === 0,
    `all ${TASKS.length} should have been answered 200, some were answered ${[...others].join(', ')}`,
  )

  await until(() => shop.waiting().length >= SLOTS, WAIT)
  // What is done gets noted as done.
  await receiver.quiet()
  const [before, running] = [done().length, shop.waiting().length]
  title('The receiver is killed (SIGKILL)')
  await receiver.kill()
  receiver.takeLines()
  say(
    `at that moment ${before} hooks were done, ${running} were running, ${promised.length - before - running} were waiting`,
  )

  title('It is started again, on the same file')
  shop.answerAll()
  const restarted = await restart()
  const missing = () => promised.filter((taskId) => !done().includes(taskId))
  await until(() => missing().length === 0, WAIT)
  await restarted.quiet()
  showLog(restarted.takeLines())
  say(
    `${done().length - before} more hooks are done: ${done().length} hooks for ${promised.length} callbacks that were answered 200`,
  )
  check(missing().length === 0, `answered 200, and then lost: ${missing().join(', ')}`)
}
