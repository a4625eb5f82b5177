import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, vi } from 'vitest'
import type { FromProcess, ToProcess } from './worker-process.ts'

const SCRIPT = fileURLToPath(new URL('worker-process.ts', import.meta.url))

/** Another process that works on a file. */
export interface Process {
  child: ChildProcess
  told: FromProcess[]
  send(message: ToProcess): void
  /** The task ids of what it told of this type. */
  idsOf(type: 'begun' | 'done' | 'recovered'): string[]
}

/** Starts one, whose hooks take `hookTime` milliseconds; it is killed when the test is over. */
export async function startProcess(file: string, hookTime = 0, concurrency = 10): Promise<Process> {
  const child = fork(SCRIPT, [file, String(hookTime), String(concurrency)])
  onTestFinished(() => void child.kill('SIGKILL'))
  const told: FromProcess[] = []
  child.on('message', (message) => told.push(message as FromProcess))
  await vi.waitFor(() => expect(told).toContainEqual({ type: 'started' }), 20_000)
  return {
    child,
    told,
    send: (message) => void child.send(message),
    idsOf: (type) => told.flatMap((one) => (one.type === type && 'taskId' in one ? [one.taskId] : [])),
  }
}

/** Resolves when it is gone. */
export async function kill({ child }: Process): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
