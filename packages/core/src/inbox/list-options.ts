import type { DeliveryState, ListOptions } from './contract.ts'

const STATES: readonly DeliveryState[] = ['pending', 'running', 'done', 'dead']
const MOST_ENTRIES = 1_000

/**
 * Checks what an inbox's `list` was asked and fills in the default. What a cursor holds is the inbox's own affair.
 *
 * @throws TypeError for a state or limit that is none.
 */
export function readListOptions({ state, cursor, limit = 100 }: ListOptions): {
  state: DeliveryState | undefined
  cursor: string | undefined
  limit: number
} {
  if (state !== undefined && !STATES.includes(state)) {
    throw new TypeError(`list: "state" must be one of ${STATES.join(', ')}`)
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_ENTRIES) {
    throw new TypeError(`list: "limit" must be an integer from 1 to ${MOST_ENTRIES}`)
  }
  return { state, cursor, limit }
}
