/** Runs of hooks that were given up and went on all the same, by the callback's key. */
export interface Overdue {
  /** Remembers a run until it settles. */
  add(key: string, run: Promise<void>): void
  /** Resolves when the latest such run of this key has settled; undefined if there is none. */
  get(key: string): Promise<void> | undefined
}

/**
 * A hook that heeds no signal is still at work after its time, and its next run would be beside it: two at a time for one
 * result, which nothing else here allows.
 */
export function createOverdue(): Overdue {
  const runs = new Map<string, Promise<void>>()
  return {
    add(key, run) {
      runs.set(key, run)
      void run.then(() => {
        if (runs.get(key) === run) runs.delete(key)
      })
    },
    get: (key) => runs.get(key),
  }
}
