import { after, type Clock } from './clock.ts'
import { onAbort } from './on-abort.ts'

/** A promise that is settled from outside. `Promise.withResolvers` asks for Node 22. */
export interface Deferred<Result> {
  promise: Promise<Result>
  resolve: (result: Result) => void
  reject: (error: Error) => void
}

export function deferred<Result>(): Deferred<Result> {
  let settle!: Omit<Deferred<Result>, 'promise'>
  const promise = new Promise<Result>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { promise, ...settle }
}

/**
 * The call's result, or a rejection if it has none after `delay` milliseconds. The call goes on; if it is
 * late, its failure is ignored. A call that throws at once rejects like any other.
 */
export function within<Result>(
  call: () => Promise<Result>,
  delay: number,
  late: () => Error,
  clock: Clock,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const letGo = after(delay, () => reject(late()), clock)
    // Neither outcome of a late call is unhandled: settling a promise again does nothing.
    invoke(call).then(
      (result) => {
        letGo()
        resolve(result)
      },
      (error: unknown) => {
        letGo()
        reject(error)
      },
    )
  })
}

async function invoke<Result>(call: () => Promise<Result>): Promise<Result> {
  return call()
}

/** Resolves after `delay` milliseconds, however many, or as soon as the signal aborts. */
export function pause(delay: number, signal: AbortSignal, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const letGo = after(delay, end, clock)
    const ignore = onAbort(signal, end)

    function end(): void {
      letGo()
      ignore()
      resolve()
    }
  })
}
