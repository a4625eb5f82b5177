import type { DeliveryState, InboxEntry } from '@luma-callback/core'
import { printable } from '@luma-callback/core/internal'
import { paint, table } from './output.ts'

const STYLES = { pending: 'yellow', running: 'cyan', done: 'green', dead: 'red' } as const

export function listText(entries: readonly InboxEntry[]): string {
  const rows = entries.map((entry) => [
    entry.state,
    printable(entry.key),
    timeText(entry.receivedAt),
    entry.attempts === 1 ? '1 run' : `${entry.attempts} runs`,
    noteOf(entry),
  ])
  const [head = '', ...lines] = table([['STATE', 'KEY', 'RECEIVED', 'RUNS', ''], ...rows])
  return [paint('bold', head), ...lines.map((line, index) => coloured(line, entries[index]?.state ?? 'done'))].join(
    '\n',
  )
}

/** What matters most of an entry in its state. */
function noteOf({ state, lastError, failureCode, nextRunAt, startedAt, endedAt }: InboxEntry): string {
  const failure = printable(`${failureCode === undefined ? '' : `[${failureCode}] `}${lastError ?? ''}`)
  if (state === 'dead') return failure
  if (state === 'done') return `done ${timeText(endedAt)}`
  if (state === 'running') return `since ${timeText(startedAt)}`
  return `next run ${timeText(nextRunAt)}${lastError === undefined ? '' : `, after ${failure}`}`
}

function coloured(line: string, state: DeliveryState): string {
  return paint(STYLES[state], state) + line.slice(state.length)
}

/** Everything that is kept of one, its body last and laid out to be read. */
export function entryText(entry: InboxEntry): string {
  const { key, taskId, outcome, state, attempts, crashes, lastError, failureCode, query, raw } = entry
  const { receivedAt, startedAt, endedAt, nextRunAt } = entry
  const rows: [string, string | undefined][] = [
    ['key', key],
    ['task', taskId],
    ['outcome', outcome],
    ['state', state],
    ['received', timeText(receivedAt)],
    ['runs', `${attempts}${crashes > 0 ? `, and ${crashes} cut off by a crash` : ''}`],
    ['last run', startedAt && timeText(startedAt)],
    ['next run', nextRunAt && timeText(nextRunAt)],
    ['ended', endedAt && timeText(endedAt)],
    ['last error', lastError],
    ['its code', failureCode],
    ['query', Object.keys(query).length > 0 ? JSON.stringify(query) : undefined],
  ]
  const known = rows.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, printable(value, { most: 2_000 })]],
  )
  return [...table(known), '', ...laidOut(raw).map((line) => printable(line, { most: raw.length }))].join('\n')
}

function laidOut(raw: string): string[] {
  try {
    return JSON.stringify(JSON.parse(raw), null, 2).split('\n')
  } catch {
    return [raw]
  }
}

/** In the time of whoever looks, to the second. */
function timeText(time: Date | undefined): string {
  if (time === undefined) return ''
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 19).replace('T', ' ')
}
