import { AsyncLocalStorage } from 'node:async_hooks'
import type { LumaOptions } from '@luma-callback/core'
import { expect } from 'vitest'
import { startReceiver, verdictOf, type Sample } from '../helpers/receiver.ts'

export const storage: AsyncLocalStorage<string> = new AsyncLocalStorage<string>()
export const here = (): string => storage.getStore() ?? 'no context'

/** Starts a receiver in a context of its own, and notes the context of each call of the user's functions. */
export function startNoting(options: Partial<LumaOptions> = {}) {
  const notes: [what: string, context: string][] = []
  const note = (what: string): void => void notes.push([what, here()])
  const receiver = storage.run('making', () =>
    startReceiver({
      ...options,
      observe(event) {
        note('callback' in event ? `${event.type} ${event.callback.taskId}` : event.type)
        // An observer may change its own context. No later hook or event of an inbox must see that.
        if (options.inbox && event.type !== 'received') storage.enterWith('entered by the observer')
      },
    }),
  )
  const send = (sample: Sample, context = sample.taskId): Promise<string> =>
    storage.run(context, () => verdictOf(receiver.send(sample)))
  return { ...receiver, send, notes, note }
}

/** A hook for each task, which ends when it is told to. */
export function heldHooks(note: (what: string) => void) {
  const runs: { taskId: string; end: (error?: Error) => void }[] = []
  return {
    runs,
    async hook({ taskId }: { taskId: string }, { signal }: { signal: AbortSignal }): Promise<void> {
      note(`run ${taskId}`)
      signal.addEventListener('abort', () => note(`abort ${taskId}`))
      await new Promise<void>((resolve, reject) => {
        runs.push({ taskId, end: (error) => (error ? reject(error) : resolve()) })
      })
      note(`end ${taskId}`)
    },
  }
}

/** Expects that everything that was noted of a task happened in this context. */
export function expectIn(notes: readonly (readonly [string, string])[], taskId: string, context: string): void {
  const own = notes.filter(([what]) => what.endsWith(` ${taskId}`))
  expect(own).not.toEqual([])
  expect(own.filter(([, where]) => where !== context)).toEqual([])
}
