import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { systemClock, within } from '@luma-callback/core/internal'
import { onTestFinished } from 'vitest'
import { START } from './patience.ts'

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))

export interface Child {
  process: ChildProcess
  /** All it wrote so far, to either stream. */
  output(): string
  /** Resolves with the first match in what it writes; rejects if it ends without one, or writes none in some minutes. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves with its exit code, or the signal that ended it. */
  ended: Promise<number | string>
}

/**
 * Starts a program with this Node; it is killed when the test is over. A test that runs beside others of its file hands
 * in its own `onTestFinished`.
 */
export function startChild(
  script: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
  onFinished: typeof onTestFinished = onTestFinished,
): Child {
  return startCommand(process.execPath, [script, ...args], env, onFinished)
}

/** Starts any program; it is killed when the test is over. */
export function startCommand(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
  onFinished: typeof onTestFinished = onTestFinished,
): Child {
  const { FORCE_COLOR: _, ...inherited } = process.env
  const child = spawn(command, args, { cwd: ROOT, env: { ...inherited, NO_COLOR: '1', ...env } })
  let written = ''
  const listeners = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      written += text
      for (const listener of listeners) listener()
    })
  }
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  const shown = `${[command, ...args].join(' ')} wrote:`
  onFinished(({ task }) => {
    child.kill('SIGKILL')
    if (task.result?.state === 'fail') console.error(shown, written || 'nothing')
  })
  return {
    process: child,
    output: () => written,
    says(pattern) {
      const said = new Promise<RegExpExecArray>((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(written)
          if (match) resolve(match)
        }
        listeners.add(look)
        look()
        void ended.then((code) => reject(new Error(`it ended with ${code} and never said ${pattern}: ${written}`)))
      })
      const late = () => new Error(`it did not say ${pattern} within ${START} ms: ${written}`)
      return within(() => said, START, late, systemClock)
    },
    ended,
  }
}
