import { setTimeout as sleep } from 'node:timers/promises'
import { submit } from './provider.ts'
import type { Receiver } from './receiver.ts'
import { check, say, until } from './report.ts'
import { HOOK_PATIENCE, isTold, type Stage } from './results.ts'

const TASKS = 20
/** Hooks that are done before the crash; of the others, those that there are slots for are at work. */
const DONE_BEFORE = 3
const SLOTS = 10
/** What is done gets noted as done within it. */
const NOTED = 100

/**
 * Kills the receiver while its hooks run and other callbacks are still to come, and looks whether each task gets
 * its hook from the one that is started after it.
 */
export async function showCrash(options: Stage & { restart: (port: number) => Promise<Receiver> }): Promise<void> {
  const { simulator, receiver, restart, shop } = options
  shop.answerOnly(DONE_BEFORE)
  const prompts = Array.from({ length: TASKS }, (_, index) => `a fox and a crash, take ${index + 1}`)
  const taskIds = await Promise.all(prompts.map((prompt) => submit(simulator, receiver.url, prompt)))
  const ours = () => simulator.tasks.filter(({ taskId }) => taskIds.includes(taskId))
  const promised = () => ours().filter(({ callback }) => callback === 'delivered')
  const done = () => taskIds.filter((taskId) => isTold(shop, taskId))
  await until(() => shop.waiting().length >= SLOTS, HOOK_PATIENCE)
  await sleep(NOTED)
  const [before, running, answered] = [done().length, shop.waiting().length, promised()]

  await receiver.kill()
  receiver.takeLines()
  say(`${TASKS} more tasks: ${answered.length} are answered 200 when the receiver is killed (SIGKILL).`)
  const waiting = Math.max(0, answered.length - before - running)
  say(`Hooks done: ${before}, running: ${running}, waiting: ${waiting}. It is started again on its file.`)

  shop.answerAll()
  const restarted = await restart(receiver.port)
  await simulator.idle()
  await until(() => done().length === TASKS, HOOK_PATIENCE)
  await restarted.quiet()
  const log = restarted.takeLines()
  const again = log.filter((line) => /had been cut off and is delivered again/.test(line)).length
  const finished = `${done().length} of ${TASKS} are done`
  const lost = promised().filter(({ taskId }) => !isTold(shop, taskId))
  check({
    holds: lost.length === 0,
    sentence: `No callback that was answered 200 is lost: ${again} cut off hooks run again, ${finished}.`,
    trouble: `answered 200, and then lost: ${lost.map(({ taskId }) => taskId).join(', ')}`,
    log,
  })
}
