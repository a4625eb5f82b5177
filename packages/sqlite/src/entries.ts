import type { DeliveryState, InboxEntry, InboxPage, ListOptions } from '@luma-callback/core'
import type { Position, WorkRow } from './looks.ts'
import { STATE } from './schema.ts'

const STATES = Object.keys(STATE) as DeliveryState[]
const MOST_ENTRIES = 1_000

/** Checks what `list` was asked; throws a TypeError. */
export function readListOptions({ state, cursor, limit = 100 }: ListOptions): {
  state: DeliveryState | undefined
  after: Position | undefined
  limit: number
} {
  if (state !== undefined && !STATES.includes(state)) {
    throw new TypeError(`list: "state" must be one of ${STATES.join(', ')}`)
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_ENTRIES) {
    throw new TypeError(`list: "limit" must be an integer from 1 to ${MOST_ENTRIES}`)
  }
  return { state, after: cursor === undefined ? undefined : toPosition(cursor), limit }
}

/** One row more than was asked for tells that there is another page. */
export function toPage(rows: readonly WorkRow[], limit: number): InboxPage {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    entries: shown.map(toEntry),
    cursor: last && rows.length > limit ? `${last.at}.${last.id}` : undefined,
  }
}

function toPosition(cursor: string): Position {
  const [, at, id] = /^(\d{1,16})\.(\d{1,16})$/.exec(cursor) ?? []
  if (at === undefined || id === undefined) throw new TypeError('list: "cursor" must be one that a page came with')
  return { at: Number(at), id: Number(id) }
}

/** What someone has made unreadable must not keep what was taken with it from being run. */
export function readJson<Value>(text: string, otherwise: Value): Value {
  try {
    return JSON.parse(text) as Value
  } catch {
    return otherwise
  }
}

export function toEntry(row: WorkRow): InboxEntry {
  const state = STATES.find((name) => STATE[name] === row.state) ?? 'pending'
  const hasEnded = state === 'done' || state === 'dead'
  return {
    key: readJson(row.key, row.key),
    taskId: row.task_id,
    outcome: row.outcome,
    state,
    attempts: row.attempts,
    crashes: row.crashes,
    lastError: row.last_error ?? undefined,
    receivedAt: new Date(row.received_at),
    startedAt: row.started_at === null ? undefined : new Date(row.started_at),
    endedAt: hasEnded ? new Date(row.at) : undefined,
    nextRunAt: state === 'pending' ? new Date(row.at) : undefined,
    raw: row.raw,
    query: readJson<Record<string, string>>(row.query, {}),
  }
}
