import type { DeliveryState, DurableInbox } from '@luma-callback/core'
import type { Fault } from './memory-inbox.ts'
import { toEntry, type Row, type Store } from './memory-rows.ts'

const STATES: readonly DeliveryState[] = ['pending', 'running', 'done', 'dead']

/** The part of the memory inbox that is looked into, with its faults. */
export function looksInto(
  { rows, seen, wakers }: Store,
  fault: Fault | undefined,
): Pick<DurableInbox, 'list' | 'get' | 'requeue' | 'stats' | 'purge'> {
  const inState = (state: DeliveryState): Row[] => [...rows.values()].filter((row) => row.state === state)

  function isRequeued({ state }: Row): boolean {
    return state === 'dead' || (state === 'running' && fault === 'requeues what runs')
  }

  return {
    async list({ state, cursor = '0', limit = 100 } = {}) {
      if (state !== undefined && !STATES.includes(state)) throw new TypeError('list: "state" is none')
      if (!/^\d+$/.test(cursor)) throw new TypeError('list: "cursor" is none')
      if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) throw new TypeError('list: "limit" is none')
      const found = state === undefined ? [...rows.values()] : inState(state)
      const sorted = found.toSorted((a, b) => timeOf(b, state) - timeOf(a, state))
      if (fault === 'lists the oldest first') sorted.reverse()
      const end = Number(cursor) + limit
      const next = fault === 'leaves one out between pages' ? end + 1 : end
      return {
        entries: sorted.slice(Number(cursor), end).map((row) => toEntry(row)),
        cursor: next < sorted.length ? String(next) : undefined,
      }
    },
    async get(key) {
      const row = rows.get(key)
      return row && toEntry(row)
    },
    async requeue(key) {
      const found =
        key === undefined ? [...rows.values()] : [...rows.values()].filter((row) => row.callback.key === key)
      const dead = found.filter((row) => isRequeued(row))
      const attempts = fault === 'requeues with one attempt left' ? 2 : 0
      const dueAt = fault === 'requeues and wakes nobody' ? Date.now() + 600_000 : 0
      for (const row of dead) Object.assign(row, { state: 'pending', attempts, dueAt, endedAt: undefined })
      for (const wake of wakers) wake()
      return dead.length
    },
    async stats() {
      const [pending = 0, running = 0, done = 0, dead = 0] = STATES.map((state) => inState(state).length)
      return { pending, running, done, dead, seen: seen.size }
    },
    async purge() {
      const gone = [...inState('done'), ...(fault === 'purges what is dead' ? inState('dead') : [])]
      for (const { callback } of gone) {
        rows.delete(callback.key)
        if (fault === 'forgets the keys that it purges') seen.delete(callback.key)
      }
      return gone.length
    },
  }
}

/** Of what waits or runs the soonest comes first, of all else the latest. */
function timeOf({ callback, dueAt, endedAt }: Row, state: DeliveryState | undefined): number {
  if (state === undefined) return callback.receivedAt.getTime()
  return endedAt?.getTime() ?? -dueAt
}
