import { checkOptions } from '../internal/check-options.ts'
import { integer, oneOf, optional, text } from '../internal/option-rules.ts'
import type { DeliveryState, ListOptions } from './contract.ts'

const STATES: readonly DeliveryState[] = ['pending', 'running', 'done', 'dead']

/**
 * Checks what an inbox's `list` was asked and fills in the default. What a cursor holds is the inbox's own affair.
 *
 * @throws TypeError that names the option that is wrong or unknown.
 */
export function readListOptions(options: ListOptions): {
  state: DeliveryState | undefined
  cursor: string | undefined
  limit: number
} {
  return checkOptions('list', options, {
    state: optional(oneOf(STATES)),
    cursor: optional(text()),
    limit: integer({ most: 1_000, fallback: 100 }),
  })
}
