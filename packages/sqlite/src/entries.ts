import type { DeliveryState, InboxEntry, InboxPage } from '@luma-callback/core'
import { wrongOption } from '@luma-callback/core/internal'
import type { Position, WorkRow } from './inspect.ts'
import { STATE } from './schema.ts'

const STATES = Object.keys(STATE) as DeliveryState[]

/** Rows that are read in one go: each may be as large as a body, and callbacks wait while they are read. */
const ROWS_AT_ONCE = 50

/** Reads the rows of a page, by `list`; one more than was asked for tells that there is another page. */
export async function readPage(
  list: (after: Position | undefined, limit: number) => Promise<readonly WorkRow[]>,
  after: Position | undefined,
  limit: number,
): Promise<InboxPage> {
  const rows: WorkRow[] = []
  let isMore = true
  while (isMore && rows.length <= limit) {
    const count = Math.min(limit + 1 - rows.length, ROWS_AT_ONCE)
    const last = rows.at(-1)
    const some = await list(last ? { at: last.at, id: last.id } : after, count)
    rows.push(...some)
    isMore = some.length === count
  }
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    entries: shown.map(toEntry),
    cursor: last && rows.length > limit ? `${last.at}.${last.id}` : undefined,
  }
}

/** Where a cursor of ours points to. Throws a TypeError for another's. */
export function toPosition(cursor: string): Position {
  const [, at, id] = /^(\d{1,16})\.(\d{1,16})$/.exec(cursor) ?? []
  if (at === undefined || id === undefined)
    throw wrongOption({ caller: 'list', name: 'cursor' }, 'must be one that a page came with')
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
    failureCode: row.failure_code ?? undefined,
    receivedAt: new Date(row.received_at),
    startedAt: row.started_at === null ? undefined : new Date(row.started_at),
    endedAt: hasEnded ? new Date(row.at) : undefined,
    nextRunAt: state === 'pending' ? new Date(row.at) : undefined,
    raw: row.raw,
    query: readJson<Record<string, string>>(row.query, {}),
  }
}
