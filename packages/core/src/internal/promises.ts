import { after, type Clock } from './clock.ts'
import { onAbort } from './on-abort.ts'

/** A promise that is settled from outside. `Promise.withResolvers` needs Node 22. */
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
 * Resolves with the call's result, or rejects if it takes longer than `delay` milliseconds. A late call goes on, and its error is
 * ignored. A call that throws at once rejects like any other.
 */
export function within<Result>(
  call: () => Promise<Result>,
  delay: number,
  late: () => Error,
  clock: Clock,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const letGo = after(delay, () => reject(late()), clock)
    // A late result or error does nothing, because the promise is settled already.
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

/** Resolves after any number of milliseconds, or as soon as the signal aborts. */
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
