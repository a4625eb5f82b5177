import { LONGEST_TIMER } from '../internal/clock.ts'

/** What an option of an inbox or store may be: an integer of at least `least`, a text of this pattern, or a switch. */
export type OptionRule =
  | { readonly fallback: number; readonly least: number }
  | { readonly fallback: string; readonly pattern: RegExp; readonly must: string }
  | { readonly fallback: boolean }

/** What comes out: a number, a text, or whether it is on. */
type Widened<Value> = Value extends number ? number : Value extends boolean ? boolean : string

/**
 * Checks the options of an inbox or a dedupe store, and fills in their defaults.
 *
 * @param caller - The function that was given them, for the message.
 * @throws TypeError that names the option that is wrong or unknown.
 */
export function readEngineOptions<Rules extends Readonly<Record<string, OptionRule>>>(
  caller: string,
  options: object,
  rules: Rules,
): { [Name in keyof Rules]: Widened<Rules[Name]['fallback']> } {
  const settings: Record<string, unknown> = {}
  for (const [name, { fallback }] of Object.entries(rules)) settings[name] = fallback
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
    if (!rule) {
      throw new TypeError(`${caller}: unknown option "${name}"; known are ${Object.keys(rules).join(', ')}`)
    }
    if (value === undefined) continue
    const problem = problemOf(value, rule)
    if (problem !== undefined) throw new TypeError(`${caller}: option "${name}" must be ${problem}`)
    settings[name] = value
  }
  return settings as ReturnType<typeof readEngineOptions<Rules>>
}

function problemOf(value: unknown, rule: OptionRule): string | undefined {
  if ('pattern' in rule) return typeof value === 'string' && rule.pattern.test(value) ? undefined : rule.must
  if (!('least' in rule)) return typeof value === 'boolean' ? undefined : 'true or false'
  const isUsable = Number.isInteger(value) && (value as number) >= rule.least && (value as number) <= LONGEST_TIMER
  return isUsable ? undefined : `an integer from ${rule.least} to ${LONGEST_TIMER}`
}
