import { createHash } from 'node:crypto'

/**
 * Random decisions that are the same in each run. Each depends only on the seed, its subject and its name, and not on the time
 * or on earlier decisions. So one more failure does not change any other decision.
 */
export interface Seeded {
  /** True with this probability. */
  chance(what: string, share: number): boolean
  /** An integer from the least to the most, both included. */
  between(what: string, least: number, most: number): number
  /** 32 hexadecimal digits. */
  hex(what: string): string
}

export function seeded(seed: number, subject: string): Seeded {
  const digest = (what: string): Buffer => createHash('sha256').update(`${seed} ${subject} ${what}`).digest()
  /** From 0, included, to 1, excluded. */
  const fraction = (what: string): number => digest(what).readUIntBE(0, 6) / 2 ** 48
  return {
    chance: (what, share) => fraction(what) < share,
    between: (what, least, most) => least + Math.floor(fraction(what) * (most - least + 1)),
    hex: (what) => digest(what).toString('hex', 0, 16),
  }
}
