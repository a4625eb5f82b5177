/** Lets a number of tasks run at once; the others wait in the order they came. */
export interface Slots {
  /** Runs the task when a slot is free. Rejects with the signal's reason if that aborts while it still waits. */
  run<Result>(signal: AbortSignal, task: () => Promise<Result>): Promise<Result>
}

export function createSlots(count: number): Slots {
  let free = count
  const waiting = new Set<() => void>()

  function enter(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        signal.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = () => {
        waiting.delete(go)
        reject(signal.reason as Error)
      }
      waiting.add(go)
      signal.addEventListener('abort', giveUp, { once: true })
    })
  }

  /** A slot that is given up goes straight to who has waited longest, so that nobody can slip in between. */
  function leave(): void {
    const [next] = waiting
    if (!next) {
      free++
      return
    }
    waiting.delete(next)
    next()
  }

  return {
    async run(signal, task) {
      signal.throwIfAborted()
      if (free > 0) free--
      else await enter(signal)
      try {
        return await task()
      } finally {
        leave()
      }
    },
  }
}
