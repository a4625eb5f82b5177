/** Who may be called back when, so that callbacks which are held back come after those of later tasks. */
export interface Turns {
  /** A task that will be called back was submitted. Numbers only grow. */
  expect(number: number): void
  /** Resolves once a later task was called back, or none that could be is under way. */
  overtaken(number: number): Promise<void>
  /** The first delivery for a task is over, whatever came of it. */
  passed(number: number): void
  /** Lets everyone go. */
  close(): void
}

export function createTurns(): Turns {
  const expected = new Set<number>()
  /** All that were expected, the newest last; those that have passed are only taken off the end. */
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
