import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { systemClock, within } from '@luma-callback/core/internal'
import { onTestFailed, onTestFinished } from 'vitest'
import type { FromProcess, ToProcess, Where } from './worker-process.ts'
import { START } from './patience.ts'

const SCRIPT = fileURLToPath(new URL('worker-process.ts', import.meta.url))

/** Another process that works on an inbox. */
export interface Process {
  child: ChildProcess
  told: FromProcess[]
  send(message: ToProcess): void
  /** Resolves when it is gone. */
  ended: Promise<unknown>
  /** The task ids of what it told of this type. */
  idsOf(type: 'begun' | 'done' | 'recovered'): string[]
}

/** Starts one, whose hooks take `hookTime` milliseconds; it is killed when the test is over. */
export async function startProcess(
  where: Where,
  hookTime = 0,
  concurrency = 10,
  env: Record<string, string> = {},
): Promise<Process> {
  const args = [JSON.stringify(where), String(hookTime), String(concurrency)]
  const child = fork(SCRIPT, args, { silent: true, env: { ...process.env, ...env } })
  let complaints = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaints += text))
  onTestFailed(() => console.error(complaints))
  const ended = once(child, 'exit')
  onTestFinished(() => void child.kill('SIGKILL'))
  const told: FromProcess[] = []
  const started = new Promise<void>((resolve, reject) => {
    child.on('message', (message) => {
      told.push(message as FromProcess)
      resolve()
    })
    void ended.then((how) => reject(new Error(`it ended before it started, with ${how.join(' ')}: ${complaints}`)))
  })
  const late = () => new Error(`it did not start within ${START} ms: ${complaints}`)
  await within(() => started, START, late, systemClock)
  return {
    child,
    told,
    ended,
    send: (message) => void child.send(message),
    idsOf: (type) => told.flatMap((one) => (one.type === type && 'taskId' in one ? [one.taskId] : [])),
  }
}

/** Resolves when it is gone. */
export async function kill({ child, ended }: Process): Promise<void> {
  child.kill('SIGKILL')
  await ended
}
