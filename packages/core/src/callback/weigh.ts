import type { LumaCallback } from './parse.ts'

/** Bytes that a callback takes besides its content: its run, its answer, its timers. */
const AROUND = 3_072
/** What the engine keeps of each text, each value in a list, each object and each name in it besides the characters. */
const TEXT = 32
const VALUE = 16
const OBJECT = 64
const NAME = 64

/** The bytes of memory that a text takes: one for a character, or two for each once one is beyond Latin-1. */
export function weighText(text: string): number {
  return TEXT + text.length * (isWide(text) ? 2 : 1)
}

function isWide(text: string): boolean {
  return /[^\0-\u00ff]/.test(text)
}

/**
 * The bytes of memory that a callback takes while it waits, nearly. That can be far more than its body has. Measured, in heap
 * and by this: the documented success of 0.7 kB 6.6 kB and 5.7 kB, a prompt of 200 kB of letters 0.6 MB by both, of `{}`
 * 4.6 MB by both, of objects with a short name each 3.1 MB and 2.9 MB.
 */
export function weighCallback(callback: LumaCallback): number {
  const { raw, msg, promptJson, params, query, issues } = callback
  const urls = callback.outcome === 'success' ? callback.resultUrls : undefined
  return AROUND + weigh([raw, msg, promptJson, params, query, issues, urls])
}

/** Recursion is safe: parsed bodies are nested at most 64 deep. Plain loops, because a prompt can hold 80 000 objects. */
function weigh(value: unknown): number {
  if (typeof value === 'string') return weighText(value)
  if (typeof value !== 'object' || value === null) return VALUE
  let sum = OBJECT
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) sum += weigh(value[index])
  } else {
    for (const name in value) sum += NAME + weighText(name) + weigh((value as Record<string, unknown>)[name])
  }
  return sum
}
