import { nearestName } from './nearest-name.ts'
import { printable } from './printable.ts'

/** An option, as messages name it. */
export interface Option {
  /** The function that was given the option. */
  caller: string
  /** With the option that it is in: `retry.attempts`. */
  name: string
}

/**
 * Makes a setting of the value of an option, which is undefined if the option is left out.
 *
 * @throws TypeError that names the option and says what it must be, and does not show the value: it may be a secret.
 */
export type Rule<Setting> = (value: unknown, option: Option) => Setting

/** A rule for each option. The types of the settings are those that the rules make. */
export type Rules<Settings> = { readonly [Name in keyof Settings]: Rule<Settings[Name]> }

/** The settings that options make where each of them has a default. */
export type Filled<Options> = { [Name in keyof Options]-?: Exclude<Options[Name], undefined> }

/**
 * Checks options and fills in their defaults. What an object inherits counts, and the object is never changed.
 *
 * @param caller - The function that was given them, for the message.
 * @throws TypeError that names the option that is wrong or unknown.
 */
export function checkOptions<Settings extends object>(
  caller: string,
  options: unknown,
  rules: Rules<Settings>,
): Settings {
  if (isPromise(options)) throw new TypeError(`${caller}: its options are a promise: await them first`)
  if (options === undefined) return checkEach({ caller, name: '' }, {}, rules)
  if (isObject(options)) return checkEach({ caller, name: '' }, options, rules)
  throw new TypeError(`${caller}: its options must be an object. Known are ${Object.keys(rules).join(', ')}`)
}

/** Reads the options that are in another, or in none if its name is empty. */
export function checkEach<Settings extends object>(
  { caller, name: outer }: Option,
  options: object,
  rules: Rules<Settings>,
): Settings {
  const nameOf = (name: string): string => (outer === '' ? name : `${outer}.${name}`)
  // Names come first: that one is misspelt is why another is missing. Inherited ones too, as they count like all others.
  for (const name in options) {
    if (!Object.hasOwn(rules, name)) throw unknownOption({ caller, name: nameOf(printable(name)) }, name, rules)
  }
  const settings: Record<string, unknown> = {}
  for (const [name, rule] of Object.entries<Rule<unknown>>(rules)) {
    settings[name] = rule((options as Record<string, unknown>)[name], { caller, name: nameOf(name) })
  }
  return settings as Settings
}

function unknownOption({ caller, name: shown }: Option, name: string, rules: object): TypeError {
  const known = Object.keys(rules)
  const nearest = nearestName(name, known)
  const hint = nearest === undefined ? '.' : `, did you mean ${nearest}?`
  return new TypeError(`${caller}: unknown option "${shown}"${hint} Known are ${known.join(', ')}`)
}

/** @param problem - Goes on behind the option's name: `must be …`. */
export function wrongOption({ caller, name }: Option, problem: string): TypeError {
  return new TypeError(`${caller}: option "${name}" ${problem}`)
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isPromise(value: unknown): boolean {
  return has(value, 'then')
}

/** Whether a value has all of these methods. */
export function has(value: unknown, ...methods: readonly string[]): boolean {
  return methods.every(
    (method) => typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function',
  )
}
