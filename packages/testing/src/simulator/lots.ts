import { createHash } from 'node:crypto'

/**
 * Decisions by lot. Each depends on the seed, on whom it is about and on what is decided, and on nothing else:
 * neither on when it is asked for nor on what was decided before. So one more failure changes no other decision,
 * and no concurrency can.
 */
export interface Lots {
  /** Whether the lot falls on this one, as it does on the given share of all. */
  falls(what: string, share: number): boolean
  /** An integer from the least to the most, both included. */
  between(what: string, least: number, most: number): number
  /** 32 hexadecimal digits. */
  hex(what: string): string
}

export function drawLots(seed: number, subject: string): Lots {
  const digest = (what: string): Buffer => createHash('sha256').update(`${seed} ${subject} ${what}`).digest()
  /** From 0 up to, not including, 1. */
  const fraction = (what: string): number => digest(what).readUIntBE(0, 6) / 2 ** 48
  return {
    falls: (what, share) => fraction(what) < share,
    between: (what, least, most) => least + Math.floor(fraction(what) * (most - least + 1)),
    hex: (what) => digest(what).toString('hex', 0, 16),
  }
}
