import { LONGEST_TIMER } from '@luma-callback/core/internal'
import { InvalidArgumentError, Option } from 'commander'

const UNITS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** The option for the webhook key. An empty environment variable means that there is none. */
export function secretOption(description: string): Option {
  return new Option('--secret <key>', description).env('LUMA_WEBHOOK_KEY').argParser((text) => {
    if (text.trim() !== text) throw new InvalidArgumentError('It must not have white space around it.')
    return text === '' ? undefined : text
  })
}

/** The option for a timeout, in milliseconds. */
export function timeoutOption(description: string, fallback: number): Option {
  return new Option('--timeout <time>', description).argParser(toTimeout).default(fallback, `${fallback / 1_000}s`)
}

export function toUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw new InvalidArgumentError('It must be an http or https URL, such as http://localhost:3000/luma-modify-callback.')
}

/** Parses an integer of at least `least`. */
export function toCount(least: number): (text: string) => number {
  return (text) => {
    const count = toNumber(text)
    if (Number.isSafeInteger(count) && count >= least) return count
    throw new InvalidArgumentError(`It must be an integer of at least ${least}.`)
  }
}

export function toRate(text: string): number {
  const rate = toNumber(text)
  if (rate > 0) return rate
  throw new InvalidArgumentError('It must be a number above 0.')
}

export function toNumber(text: string): number {
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a number.')
}

/** Parses a time such as `250`, `250ms`, `1.5s`, `20m`, `6h` or `14d` to milliseconds. */
export function toDuration(text: string): number {
  const [, value, unit = ''] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/.exec(text) ?? []
  const size = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined
  if (value === undefined || size === undefined) {
    throw new InvalidArgumentError(
      'It must be a time, such as 250ms, 1.5s, 20m, 6h or 14d; a bare number is milliseconds.',
    )
  }
  return Math.round(Number(value) * size)
}

function toTimeout(text: string): number {
  const timeout = toDuration(text)
  if (timeout >= 1 && timeout <= LONGEST_TIMER) return timeout
  throw new InvalidArgumentError('It must be from 1ms to 24d.')
}

/** Parses one time, or a range such as `500ms-2s`. */
export function toSpan(text: string): number | [least: number, most: number] {
  const [least = '', most, ...rest] = text.split('-')
  if (rest.length > 0)
    throw new InvalidArgumentError('It must be one time, or two with a hyphen between them: 500ms-2s.')
  return most === undefined ? toDuration(least) : [toDuration(least), toDuration(most)]
}

/** Parses times with commas between them, such as `1s,5s,30s`. */
export function toDurations(text: string): number[] {
  return toList(text).map(toDuration)
}

export function toList(text: string): string[] {
  return text.split(',').map((item) => item.trim())
}
