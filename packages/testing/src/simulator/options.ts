import { LONGEST_TIMER } from '@luma-callback/core/internal'
import type { SimulatorEvent } from './events.ts'

/** What `startSimulator` can be told. Times are milliseconds; a share is a number from 0 (never) to 1 (always). */
export interface SimulatorOptions {
  /** Default: 0, a free one. */
  port?: number | undefined
  /** The address to listen on. Default: `127.0.0.1`. */
  host?: string | undefined
  /** What API calls have to carry as `Authorization: Bearer …`. Default: `simulator-key`. */
  apiKey?: string | undefined
  /** Signs the callbacks, as the account's `webhookHmacKey`. Left out: they are not signed. */
  secret?: string | undefined
  /** Decides everything that is left to chance, task ids included. Default: a random one, told as `simulator.seed`. */
  seed?: number | undefined
  /** How long a task takes, or from where to where: `[500, 2_000]`. Default: 1 000. */
  generationTime?: number | readonly [least: number, most: number] | undefined
  /** How long a receiver may take to answer 200. Default: 15 000. */
  deliveryTimeout?: number | undefined
  /** How often a failed callback is sent again. Default: 3. */
  retries?: number | undefined
  /**
   * The pause before a retry, or a list of them, of which the last stands for all further ones. The provider's are
   * not documented. A duplicate or a contradiction comes after the first. Default: `[1_000, 5_000, 30_000]`.
   */
  retryPause?: number | readonly number[] | undefined
  /** Share of tasks that fail. Default: 0, like all shares. */
  failures?: number | undefined
  /** Share of tasks that are called back once more after a 200. */
  duplicates?: number | undefined
  /** Share of tasks that are called back once more after a 200, with the other outcome or with other URLs. */
  contradictions?: number | undefined
  /** Share of tasks whose callback waits until that of a later task was sent, if one is under way. */
  outOfOrder?: number | undefined
  /** Share of deliveries whose body comes in drips, over a fifth of `deliveryTimeout`. */
  slowBodies?: number | undefined
  /** Share of first deliveries and retries that break off in the middle of the body; they count as failed. */
  cutBodies?: number | undefined
  /** Share of tasks whose result URLs answer 403 from the start; a link from `download-url` works. */
  expiredUrls?: number | undefined
  /** Share of tasks whose result files are gone from the start: 404, and no link for them. */
  expiredFiles?: number | undefined
  /** Share of tasks whose result files break off half-way when asked for whole; a `Range` request gets the rest. */
  truncatedFiles?: number | undefined
  /** Share of API calls that are answered 429. */
  rateLimited?: number | undefined
  /** How many tasks are taken before the API answers 402. Default: no end. */
  credits?: number | undefined
  /** Answers every task submitted with this code. */
  unavailable?: 455 | 500 | 501 | 505 | undefined
  /** How long a link from `download-url` lives. Default: 20 minutes. */
  linkLifetime?: number | undefined
  /** How long result files are kept. Default: 14 days. */
  fileLifetime?: number | undefined
  /** Told every notable step; see `describeSimulatorEvent`. */
  observe?: ((event: SimulatorEvent) => unknown) | undefined
}

/** The options with every default filled in. */
export interface Settings {
  port: number
  host: string
  apiKey: string
  secret: string | undefined
  seed: number
  generationTime: readonly [least: number, most: number]
  deliveryTimeout: number
  retries: number
  /** Never empty. */
  retryPause: readonly number[]
  failures: number
  duplicates: number
  contradictions: number
  outOfOrder: number
  slowBodies: number
  cutBodies: number
  expiredUrls: number
  expiredFiles: number
  truncatedFiles: number
  rateLimited: number
  credits: number
  unavailable: 455 | 500 | 501 | 505 | undefined
  linkLifetime: number
  fileLifetime: number
  observe: SimulatorOptions['observe']
}

const MINUTE = 60 * 1000
const DAY = 24 * 60 * MINUTE

/** One option: its default, and what makes a value it can take, or `undefined` from any other. */
interface Rule<Value> {
  fallback: Value
  must: string
  read: (value: unknown) => Value | undefined
}

const share = rule(0, 'must be a number from 0 to 1', (value): value is number => isNumber(value, 0, 1))

const rules: { [Name in keyof Settings]: Rule<Settings[Name]> } = {
  port: integer(0, 0, 65_535),
  host: rule('127.0.0.1', 'must be an address or a host name', (value) => isText(value, /^\S+$/)),
  apiKey: rule('simulator-key', 'must be a text that a header can carry', (value) => isText(value, /^[!-~]+$/)),
  secret: rule<string | undefined>(undefined, 'must be a text without white space around it', (value) =>
    isText(value, /^\S(?:[^]*\S)?$/),
  ),
  seed: integer(0, 0, Number.MAX_SAFE_INTEGER),
  generationTime: {
    fallback: [1_000, 1_000],
    must: `must be an integer from 0 to ${LONGEST_TIMER}, or two of them, the lesser first`,
    read: toRange,
  },
  deliveryTimeout: integer(15_000, 1, LONGEST_TIMER),
  retries: integer(3, 0, Number.MAX_SAFE_INTEGER),
  retryPause: {
    fallback: [1_000, 5_000, 30_000],
    must: `must be an integer from 0 to ${LONGEST_TIMER}, or a list of them`,
    read: toPauses,
  },
  failures: share,
  duplicates: share,
  contradictions: share,
  outOfOrder: share,
  slowBodies: share,
  cutBodies: share,
  expiredUrls: share,
  expiredFiles: share,
  truncatedFiles: share,
  rateLimited: share,
  credits: { ...integer(0, 0, Number.MAX_SAFE_INTEGER), fallback: Infinity },
  unavailable: rule<Settings['unavailable']>(undefined, 'must be 455, 500, 501 or 505', (value) =>
    [455, 500, 501, 505].includes(value as number),
  ),
  linkLifetime: integer(20 * MINUTE, 0, Number.MAX_SAFE_INTEGER),
  fileLifetime: integer(14 * DAY, 0, Number.MAX_SAFE_INTEGER),
  observe: rule<Settings['observe']>(undefined, 'must be a function', (value) => typeof value === 'function'),
}

/**
 * Checks options and fills in their defaults; `seed` is the default for the option of that name.
 *
 * @throws TypeError that names the option that is wrong or unknown.
 */
export function readOptions(options: SimulatorOptions, seed: number): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('startSimulator: give it an object of options, or nothing')
  }
  const names = Object.keys(rules)
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown !== undefined) {
    throw new TypeError(`startSimulator: unknown option "${unknown}"; known are ${names.join(', ')}`)
  }
  const given = { seed, ...withoutUndefined(options) }
  const settings = Object.entries(rules).map(([name, { fallback, must, read }]) => {
    if (!Object.hasOwn(given, name)) return [name, fallback]
    const value = read(given[name as keyof typeof given])
    // The value itself is not shown: it may be a secret.
    if (value === undefined) throw new TypeError(`startSimulator: option "${name}" ${must}`)
    return [name, value]
  })
  return Object.fromEntries(settings) as Settings
}

function withoutUndefined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function rule<Value>(fallback: Value, must: string, accepts: (value: unknown) => boolean): Rule<Value> {
  return { fallback, must, read: (value) => (accepts(value) ? (value as Value) : undefined) }
}

function integer(fallback: number, least: number, most: number): Rule<number> {
  const end = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
  return rule(fallback, `must be an integer ${end}`, (value) => Number.isInteger(value) && isNumber(value, least, most))
}

function isNumber(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most
}

function isText(value: unknown, shape: RegExp): boolean {
  return typeof value === 'string' && shape.test(value)
}

function isDelay(value: unknown): value is number {
  return Number.isInteger(value) && isNumber(value, 0, LONGEST_TIMER)
}

function toRange(value: unknown): readonly [number, number] | undefined {
  const [least, most, ...rest]: readonly unknown[] = Array.isArray(value) ? value : [value, value]
  return isDelay(least) && isDelay(most) && least <= most && rest.length === 0 ? [least, most] : undefined
}

function toPauses(value: unknown): readonly number[] | undefined {
  const pauses: readonly unknown[] = Array.isArray(value) ? value : [value]
  return pauses.length > 0 && pauses.every(isDelay) ? [...pauses] : undefined
}
