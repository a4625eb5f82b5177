/** The latest of something, as much of it as is allowed to stay in memory. */
export interface RecentBodies {
  set(key: string, text: string): void
  get(key: string): string | undefined
}

/**
 * Keeps texts of up to this many characters in all. Two generations instead of an order: when the younger one
 * is full, the older one goes, so that nothing is ever searched or swept.
 */
export function createRecentBodies(most: number): RecentBodies {
  let young = new Map<string, string>()
  let old = new Map<string, string>()
  let length = 0

  return {
    set(key, text) {
      if (length + text.length > most / 2) {
        old = young
        young = new Map()
        length = 0
      }
      young.set(key, text)
      length += text.length
    },
    get: (key) => young.get(key) ?? old.get(key),
  }
}
