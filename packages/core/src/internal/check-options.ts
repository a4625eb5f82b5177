import { nearestName } from './nearest-name.ts'
import { printable } from './printable.ts'

/** An option, for messages. */
export interface Option {
  /** The function that the user called. */
  caller: string
  /** The name with the outer option: `retry.attempts`. */
  name: string
}

/**
 * Turns the value of an option into a setting. The value is undefined if the option is left out.
 *
 * @throws TypeError that names the option and says what it must be. It never shows the value, which may be a secret.
 */
export type Rule<Setting> = (value: unknown, option: Option) => Setting

/** A rule for each option. The rules define the types of the settings. */
export type Rules<Settings> = { readonly [Name in keyof Settings]: Rule<Settings[Name]> }

/** The settings if each option has a default. */
export type Filled<Options> = { [Name in keyof Options]-?: Exclude<Options[Name], undefined> }

/**
 * Checks options and fills in their defaults. Inherited properties count. The object is never changed.
 *
 * @param caller - The function that the user called, for the message.
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

/** Checks options inside another option, or at the top if its name is empty. */
export function checkEach<Settings extends object>(
  { caller, name: outer }: Option,
  options: object,
  rules: Rules<Settings>,
): Settings {
  const nameOf = (name: string): string => (outer === '' ? name : `${outer}.${name}`)
  // Unknown names come first: a misspelt name is often the reason for a missing option. Inherited names count too.
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

/** @param problem - The text after the option's name: `must be …`. */
export function wrongOption({ caller, name }: Option, problem: string): TypeError {
  return new TypeError(`${caller}: option "${name}" ${problem}`)
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isPromise(value: unknown): boolean {
  return has(value, 'then')
}

/** True if a value has all of these methods. */
export function has(value: unknown, ...methods: readonly string[]): boolean {
  return methods.every(
    (method) => typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function',
  )
}
