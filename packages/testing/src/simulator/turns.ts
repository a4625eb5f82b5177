/** Decides the order of callbacks: one that is held back is sent after the callback of a later task. */
export interface Turns {
  /** Called for each submitted task with a callback. Numbers only grow. */
  expect(number: number): void
  /** Resolves when a later task has had its first delivery, or when there is no later task. */
  overtaken(number: number): Promise<void>
  /** Called after the first delivery of a task, successful or not. */
  passed(number: number): void
  /** Releases all callbacks that are held back. */
  close(): void
}

export function createTurns(): Turns {
  const expected = new Set<number>()
  /** All expected tasks, the newest last. Tasks that have passed are removed only from the end. */
  const order: number[] = []
  const held = new Map<number, () => void>()
  let newestPassed = 0
  let isClosed = false

  function newestExpected(): number {
    let newest = order.at(-1)
    while (newest !== undefined && !expected.has(newest)) {
      order.pop()
      newest = order.at(-1)
    }
    return newest ?? 0
  }

  function letGo(): void {
    if (held.size === 0) return
    const newest = newestExpected()
    for (const [number, go] of held) {
      if (!isClosed && number >= newestPassed && number < newest) continue
      held.delete(number)
      go()
    }
  }

  return {
    expect(number) {
      expected.add(number)
      order.push(number)
    },
    overtaken(number) {
      return new Promise((resolve) => {
        held.set(number, resolve)
        letGo()
      })
    },
    passed(number) {
      expected.delete(number)
      newestPassed = Math.max(newestPassed, number)
      letGo()
    },
    close() {
      isClosed = true
      letGo()
    },
  }
}
