import {
  callable,
  checkOptions,
  custom,
  integer,
  LONGEST_TIMER,
  mapped,
  milliseconds,
  number,
  oneOf,
  optional,
  text,
  type Rules,
} from '@luma-callback/core/internal'
import type { SimulatorEvent } from './events.ts'

/** The options of `startSimulator`. Times are in milliseconds; a share is a number from 0 (never, the default) to 1 (always). */
export interface SimulatorOptions {
  /** Default: 0, which selects a free port. */
  port?: number | undefined
  /** The address to listen on. Default: `127.0.0.1`. */
  host?: string | undefined
  /** The key that API calls must send as `Authorization: Bearer …`. Default: `simulator-key`. */
  apiKey?: string | undefined
  /** The account's `webhookHmacKey`, which signs the callbacks. Without it they are not signed. */
  secret?: string | undefined
  /** The seed of all random decisions and task ids. Default: a random one; see `simulator.seed`. */
  seed?: number | undefined
  /** The time that a task takes, or a range such as `[500, 2_000]`. Default: 1 000. */
  generationTime?: number | readonly [least: number, most: number] | undefined
  /** The time that a receiver has to answer 200. Default: 15 000. */
  deliveryTimeout?: number | undefined
  /** The number of retries of a failed callback. Default: 3. */
  retries?: number | undefined
  /**
   * The pause before a retry, or a list of pauses, whose last one repeats. The provider does not document its own. A duplicate
   * or a contradiction is sent after the first pause. Default: `[1_000, 5_000, 30_000]`.
   */
  retryPause?: number | readonly number[] | undefined
  /** Share of tasks that fail. Default: 0, like all shares. */
  failures?: number | undefined
  /** Share of tasks whose callback is sent once more after a 200. */
  duplicates?: number | undefined
  /** Share of tasks that get another callback after a 200, with the other outcome or with other URLs. */
  contradictions?: number | undefined
  /** Share of tasks whose callback waits until a later task's callback is sent, if there is a later task. */
  outOfOrder?: number | undefined
  /** Share of deliveries whose body arrives in small parts, over a fifth of `deliveryTimeout`. */
  slowBodies?: number | undefined
  /** Share of first deliveries and retries that are cut off in the middle of the body; they count as failed. */
  cutBodies?: number | undefined
  /** Share of tasks whose result URLs answer 403 from the start; a link from `download-url` works. */
  expiredUrls?: number | undefined
  /** Share of tasks whose result files are gone from the start: 404, and no link for them. */
  expiredFiles?: number | undefined
  /** Share of tasks whose result files are cut off half-way if requested whole; a `Range` request gets the rest. */
  truncatedFiles?: number | undefined
  /** Share of API calls that are answered 429. */
  rateLimited?: number | undefined
  /** The number of tasks before the API answers 402. Default: no limit. */
  credits?: number | undefined
  /** Answers every submission with this code. */
  unavailable?: 455 | 500 | 501 | 505 | undefined
  /** The time that a link from `download-url` works. Default: 20 minutes. */
  linkLifetime?: number | undefined
  /** The time that result files are kept. Default: 14 days. */
  fileLifetime?: number | undefined
  /** Called with each event; see `describeSimulatorEvent`. */
  observe?: ((event: SimulatorEvent) => unknown) | undefined
}

/** The options with all defaults. */
export interface SimulatorSettings {
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

const share = number({ most: 1, fallback: 0 })
const isDelay = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LONGEST_TIMER
const DELAY = `must be an integer from 0 to ${LONGEST_TIMER}`

const RULES: Rules<SimulatorSettings> = {
  port: integer({ least: 0, most: 65_535, fallback: 0 }),
  host: optional(text({ pattern: /^\S+$/, must: 'an address or a host name' }), '127.0.0.1'),
  apiKey: optional(text({ pattern: /^[!-~]+$/, must: 'a text that a header can carry' }), 'simulator-key'),
  secret: optional(text({ pattern: /^\S(?:[^]*\S)?$/, must: 'a text without white space around it' })),
  seed: integer({ least: 0, fallback: 0 }),
  generationTime: mapped(optional(custom<number | SimulatorSettings['generationTime']>(rangeProblem), 1_000), toRange),
  deliveryTimeout: milliseconds({ fallback: 15_000 }),
  retries: integer({ least: 0, fallback: 3 }),
  retryPause: mapped(optional(custom<number | readonly number[]>(pausesProblem), [1_000, 5_000, 30_000]), toPauses),
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
  credits: integer({ least: 0, fallback: Infinity }),
  unavailable: optional(oneOf([455, 500, 501, 505])),
  linkLifetime: integer({ least: 0, fallback: 20 * MINUTE, unit: 'milliseconds' }),
  fileLifetime: integer({ least: 0, fallback: 14 * DAY, unit: 'milliseconds' }),
  observe: optional(callable()),
}

/**
 * Checks options and fills in their defaults.
 *
 * @param seed - The default of the option `seed`.
 *
 * @throws TypeError that names the option that is wrong or unknown.
 */
export function readOptions(options: SimulatorOptions, seed: number): SimulatorSettings {
  return checkOptions('startSimulator', options, { ...RULES, seed: integer({ least: 0, fallback: seed }) })
}

function rangeProblem(value: unknown): string | undefined {
  const [least, most, ...rest]: readonly unknown[] = Array.isArray(value) ? value : [value, value]
  const isRange = isDelay(least) && isDelay(most) && least <= most && rest.length === 0
  return isRange ? undefined : `${DELAY}, or two of them, the lesser first, in milliseconds`
}

function toRange(value: number | SimulatorSettings['generationTime']): SimulatorSettings['generationTime'] {
  return typeof value === 'number' ? [value, value] : [...value]
}

function pausesProblem(value: unknown): string | undefined {
  const pauses: readonly unknown[] = Array.isArray(value) ? value : [value]
  return pauses.length > 0 && pauses.every(isDelay) ? undefined : `${DELAY}, or a list of them, in milliseconds`
}

function toPauses(value: number | readonly number[]): readonly number[] {
  return typeof value === 'number' ? [value] : [...value]
}
