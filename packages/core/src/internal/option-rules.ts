// Rules for options, for the tables of `checkOptions`. Without a default the option is required.

import { types } from 'node:util'
import { has, isObject, isPromise, checkEach, wrongOption, type Rule, type Rules } from './check-options.ts'
import { LONGEST_TIMER } from './clock.ts'
import { inUnit, toBytes, type Unit } from './units.ts'

/** Adds a hint to the message if the value shows what the user meant; else an empty text. */
type Hint = (value: unknown) => string

/** @param problemOf - Gives the problem of a value, as the text after the option's name, or undefined if it is valid. */
export function custom<Value>(problemOf: (value: unknown) => string | undefined): Rule<Value> {
  return (value, option) => {
    const problem = problemOf(value)
    if (problem === undefined) return value as Value
    throw wrongOption(option, isPromise(value) ? 'is a promise: await it first' : problem)
  }
}

/** An option that may be left out. */
export function optional<Value>(rule: Rule<Value>): Rule<Value | undefined>
export function optional<Value, Fallback>(rule: Rule<Value>, fallback: Fallback): Rule<Value | Fallback>
export function optional<Value, Fallback>(rule: Rule<Value>, fallback?: Fallback): Rule<Value | Fallback | undefined> {
  return (value, option) => (value === undefined ? fallback : rule(value, option))
}

/** An option that becomes another value in the settings. */
export function mapped<Value, Setting>(rule: Rule<Value>, toSetting: (value: Value) => Setting): Rule<Setting> {
  return (value, option) => toSetting(rule(value, option))
}

interface Range<Fallback> {
  /** Default: 0 for a number, 1 for an integer. */
  least?: number
  /** Default: no limit. */
  most?: number
  /** Without it the option is required. */
  fallback?: Fallback
  unit?: Unit
  /** The reason for the range. */
  because?: string
}

export function integer<Fallback = never>(range: Range<Fallback> = {}): Rule<number | Fallback> {
  const { least = 1, most = Number.MAX_SAFE_INTEGER } = range
  return numeric('an integer', (value) => Number.isInteger(value), { ...range, least, most })
}

/** May be infinite if the range has no limit. */
export function number<Fallback = never>(range: Range<Fallback> = {}): Rule<number | Fallback> {
  const { least = 0, most = Infinity } = range
  return numeric('a number', () => true, { ...range, least, most })
}

/** A time that fits into a timer. */
export function milliseconds<Fallback = never>(range: Range<Fallback> = {}): Rule<number | Fallback> {
  return integer({ most: LONGEST_TIMER, ...range, unit: 'milliseconds' })
}

function numeric<Fallback>(
  what: string,
  isKind: (value: number) => boolean,
  range: Range<Fallback> & { least: number; most: number },
): Rule<number | Fallback> {
  const { least, most, unit, because } = range
  const isInRange = (value: unknown): boolean =>
    typeof value === 'number' && isKind(value) && value >= least && value <= most
  const span = most >= Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
  const must = `must be ${what} ${span}${unit === undefined ? '' : `, in ${unit}`}${because ? `: ${because}` : ''}`
  const rule = custom<number>((value) => {
    if (isInRange(value)) return undefined
    return unit === undefined ? must : must + inUnit(value, unit, isInRange)
  })
  return 'fallback' in range ? optional(rule, range.fallback) : rule
}

/** Bytes, as a number or as a text such as `'256kb'`, of which 1 kB is 1 024 bytes. */
export function bytes({ fallback }: { fallback: number }): Rule<number> {
  const must = 'must be a positive number of bytes, or a text like "256kb" or "1mb"'
  const rule = custom<number | string>((value) => (toBytes(value) === undefined ? must : undefined))
  return mapped(optional(rule, fallback), (value) => toBytes(value) ?? fallback)
}

/** @param must - Describes a text that matches the pattern. */
export function text({ pattern = /(?:)/, must = 'a text' }: { pattern?: RegExp; must?: string } = {}): Rule<string> {
  return custom((value) => (typeof value === 'string' && pattern.test(value) ? undefined : `must be ${must}`))
}

/** A text of at least one character. */
export const someText: Rule<string> = text({ pattern: /[^]/, must: 'a text that is not empty' })

export const httpUrl: Rule<string> = custom((value) => (isHttpUrl(value) ? undefined : 'must be an http(s) URL'))

/** Parsers leave out white space and control characters, so that others would read another URL than we do. */
export function isHttpUrl(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value) && !/[\p{Cc}\s]/u.test(value)
}

export function oneOf<const Value extends string | number>(values: readonly Value[]): Rule<Value> {
  const must = `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
  return custom((value) => (values.includes(value as Value) ? undefined : must))
}

/** @param of - What its entries are. */
export function list<Value>(isEntry: (entry: unknown) => boolean, of: string): Rule<readonly Value[]> {
  return custom((value) => (Array.isArray(value) && value.every(isEntry) ? undefined : `must be a list of ${of}`))
}

/** @param example - Such as `(event) => console.log(event)`. */
export function callable<Value>(example?: string): Rule<Value> {
  const must = `must be a function${example === undefined ? '' : `, such as ${example}`}`
  return custom((value) => (typeof value === 'function' ? undefined : must))
}

/**
 * An object with these methods, of whatever class: that of another realm or copy is another one.
 *
 * @param by - What makes such an object.
 * @param hint - What to write in place of some other objects; undefined for all others.
 */
export function having<Value>(
  methods: readonly string[],
  by: string,
  hint: (value: unknown) => string | undefined = () => undefined,
): Rule<Value> {
  const must = `must be an object with the ${methods.length > 1 ? 'methods' : 'method'} ${methods.join(', ')}, as ${by} makes it`
  return custom((value) => (has(value, ...methods) ? undefined : (hint(value) ?? must)))
}

export const abortSignal: Rule<AbortSignal | undefined> = optional(
  custom((value) => {
    const isSignal = has(value, 'addEventListener') && typeof (value as AbortSignal).aborted === 'boolean'
    return isSignal ? undefined : 'must be an AbortSignal'
  }),
)

export const date: Rule<Date> = custom((value) =>
  types.isDate(value) && !Number.isNaN(value.getTime()) ? undefined : 'must be a valid Date',
)

export function flag(fallback: boolean): Rule<boolean> {
  return optional(
    custom((value) => (typeof value === 'boolean' ? undefined : 'must be true or false')),
    fallback,
  )
}

/** An object of any shape. */
export function object<Value>(): Rule<Value> {
  return custom((value) => (isObject(value) ? undefined : 'must be an object'))
}

/** An option that holds options. */
export function nested<Settings extends object>(rules: Rules<Settings>, hint: Hint = () => ''): Rule<Settings> {
  const must = `must be an object with ${Object.keys(rules).join(', ')}`
  const inner = custom<object>((value) => (isObject(value) ? undefined : must + hint(value)))
  return (value, option) => checkEach(option, value === undefined ? {} : inner(value, option), rules)
}

/** The option `retry`, which is the same in all packages. */
export function retry<Settings extends { attempts: unknown }>(rules: Rules<Settings>): Rule<Settings> {
  return nested(rules, (value) => {
    if (value === false || value === 0) return ': to try once, write retry: { attempts: 1 }'
    const isCount = typeof value === 'number' && Number.isInteger(value) && value > 0
    return isCount ? `: write retry: { attempts: ${value} }` : ''
  })
}
