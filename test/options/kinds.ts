// What options can be, told apart from how they are checked.
import * as fc from 'fast-check'

export interface Kind {
  /** Whether a value is of the right type, be it in range or not. */
  accepts: (value: unknown) => boolean
  /** Values of the right type that are refused all the same. */
  refused?: fc.Arbitrary<unknown>
  unit?: 'milliseconds' | 'seconds' | 'bytes'
  /** Options in the option. */
  inner?: Readonly<Record<string, Kind>>
}

const isNumber = (value: unknown): boolean => typeof value === 'number'
const isText = (value: unknown): boolean => typeof value === 'string'
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The longest time that a timer keeps. */
const LONGEST = 2 ** 31 - 1

export function count(least = 1, most: number = Number.MAX_SAFE_INTEGER): Kind {
  const above =
    most < Number.MAX_SAFE_INTEGER
      ? fc.integer({ min: most + 1, max: Number.MAX_SAFE_INTEGER })
      : fc.constantFrom(2 ** 53, 1e300)
  const below = fc.integer({ max: least - 1 })
  const fraction = fc.double({ noInteger: true })
  return { accepts: isNumber, refused: fc.oneof(below, fc.constantFrom(Infinity, -Infinity), above, fraction) }
}

export function time(least = 1, most: number = LONGEST): Kind {
  return { ...count(least, most), unit: 'milliseconds' }
}

/** However long. */
export function longTime(least = 1): Kind {
  return time(least, Number.MAX_SAFE_INTEGER)
}

/** Any number that is not less. */
export function patience(refused: fc.Arbitrary<number>): Kind {
  return { accepts: isNumber, refused: fc.oneof(refused, fc.constant(Number.NaN)), unit: 'milliseconds' }
}

export function nested(inner: Readonly<Record<string, Kind>>): Kind {
  return { accepts: isObject, inner }
}

export function retry(mostAttempts: number, leastDelay: number): Kind {
  return nested({ attempts: count(1, mostAttempts), minDelay: time(leastDelay), maxDelay: time(leastDelay) })
}

export const share: Kind = { accepts: isNumber, refused: fc.constantFrom(-0.1, 1.1, Number.NaN, Infinity) }
export const text: Kind = { accepts: isText }
export const someText: Kind = { accepts: isText, refused: fc.constant('') }
export const url: Kind = {
  accepts: isText,
  refused: fc.constantFrom('', 'localhost', 'ftp://a.example', 'https://a b'),
}
export const texts: Kind = { accepts: Array.isArray }
export const numbers: Kind = { accepts: (value) => isNumber(value) || Array.isArray(value), unit: 'milliseconds' }
export const flag: Kind = { accepts: (value) => typeof value === 'boolean' }
export const callable: Kind = { accepts: (value) => typeof value === 'function' }
/** What is made by another function; no other value has its methods. */
export const made: Kind = { accepts: () => false }
export const object: Kind = { accepts: isObject }
export const bytes: Kind = {
  accepts: (value) => isNumber(value) || isText(value),
  refused: fc.constantFrom(0, -1, 1.5, Number.NaN, '1 gigabyte', ''),
  unit: 'bytes',
}

export function oneOf(...values: unknown[]): Kind {
  return { accepts: (value) => values.includes(value), refused: fc.constantFrom('neither', 0) }
}
