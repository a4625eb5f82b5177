import type { Deliver } from '@luma-callback/core/inbox'

/** A hook that runs until it is aborted. */
export const untilAborted: Deliver = (_callback, { signal }) =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })

/** A hook that runs until it is told to end, and one that does not heed its signal either. */
export function held(): { heeding: Deliver; heedless: Deliver; finish: () => void } {
  const finished = new AbortController()
  const heedless: Deliver = () =>
    new Promise((resolve) => {
      if (finished.signal.aborted) resolve()
      finished.signal.addEventListener('abort', () => resolve())
    })
  return {
    heedless,
    heeding: (callback, run) => Promise.race([heedless(callback, run), untilAborted(callback, run)]),
    finish: () => finished.abort(),
  }
}

/** A hook that fails each time. */
export function failing(message: string): Deliver {
  return async () => {
    throw new Error(message)
  }
}
