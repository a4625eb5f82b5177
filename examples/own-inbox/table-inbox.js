// An inbox of your own. `createInbox` does what every inbox does alike: starting, hooks with leases and retries, suspects,
// clearing away, closing. This file is the storage alone: one table. It is in Node's own SQLite, so that the example runs
// anywhere; with another database the statements stay nearly the same.
import { DatabaseSync } from 'node:sqlite'
import { createInbox, keyHash } from '@luma-callback/core/inbox'

const TABLE = `
  CREATE TABLE IF NOT EXISTS callbacks (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, digest TEXT NOT NULL, callback TEXT, state TEXT NOT NULL,
    dueAt INTEGER NOT NULL, takes INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0, isRecovered INTEGER NOT NULL DEFAULT 0,
    lastError TEXT, failureCode TEXT, startedAt INTEGER, endedAt INTEGER)`
/** Waiting and running ones begin with the soonest due, ended ones with the latest. */
const ORDER = {
  pending: 'dueAt, id',
  running: 'dueAt, id',
  done: 'endedAt DESC, id DESC',
  dead: 'endedAt DESC, id DESC',
}

/**
 * @param {string} file
 * @param {{ lease?: number, pollInterval?: number }} [options] - Milliseconds.
 */
export function tableInbox(file, { lease = 30_000, pollInterval = 1_000 } = {}) {
  const db = new DatabaseSync(file)
  // FULL: a callback that was answered 200 is on the disk.
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; ${TABLE}`)

  function run(/** @type {string} */ sql, /** @type {(string | number | Uint8Array)[]} */ ...values) {
    return Number(db.prepare(sql).run(...values).changes)
  }
  function select(/** @type {string} */ sql, /** @type {(string | number | Uint8Array)[]} */ ...values) {
    return /** @type {any[]} */ (db.prepare(sql).all(...values))
  }
  /** Ends a run. Each lease has a number of its own, so a run whose lease was lost changes nothing. */
  async function end(
    /** @type {TableJob} */ job,
    /** @type {string} */ changes,
    /** @type {(string | number)[]} */ ...values
  ) {
    const ours = `id = ? AND takes = ? AND state = 'running'`
    return run(`UPDATE callbacks SET isRecovered = 0, ${changes} WHERE ${ours}`, ...values, job.id, job.takes) > 0
  }

  /** @type {import('@luma-callback/core/inbox').InboxEngine<TableJob>} */
  const engine = {
    name: `the table in ${file}`,
    // It is open already. With a server behind it, this is where it connects and makes its table.
    open: async () => {},
    async record({ digest, key, taskId, outcome, raw, query, receivedAt }, forgetBefore) {
      const hash = keyHash(key)
      run(`DELETE FROM callbacks WHERE hash = ? AND endedAt < ? AND state <> 'dead'`, hash, forgetBefore.getTime())
      const callback = JSON.stringify({ key, taskId, outcome, raw, query, receivedAt })
      // One statement decides which of many callers is the first.
      const insert = `INSERT INTO callbacks (hash, digest, callback, state, dueAt) VALUES (?, ?, ?, 'pending', ?)`
      const isFirst = run(`${insert} ON CONFLICT (hash) DO NOTHING`, hash, digest, callback, receivedAt.getTime()) > 0
      if (isFirst) return 'recorded'
      const [known] = select('SELECT digest FROM callbacks WHERE hash = ?', hash)
      return known.digest === digest ? 'duplicate' : 'conflict'
    },
    async take(count) {
      const due = `SELECT id FROM callbacks WHERE state = 'pending' AND dueAt <= ? ORDER BY dueAt, id LIMIT ?`
      const changes = `state = 'running', dueAt = ?, startedAt = ?, takes = takes + 1, attempts = attempts + 1`
      const now = Date.now()
      const taken = select(
        `UPDATE callbacks SET ${changes} WHERE id IN (${due}) RETURNING *`,
        now + lease,
        now,
        now,
        count,
      )
      return taken.map(({ id, takes, callback, attempts: attempt, crashes, isRecovered }) => {
        return { id, takes, source: parse(callback), attempt, crashes, isRecovered: isRecovered === 1 }
      })
    },
    renew: (job) => end(job, 'dueAt = ?', Date.now() + lease),
    complete: (job) => end(job, `state = 'done', endedAt = ?`, Date.now()),
    retry: (job, { text, code = '' }, delay) =>
      end(job, `state = 'pending', dueAt = ?, lastError = ?, failureCode = ?`, Date.now() + delay, text, code),
    bury: (job, { text, code = '' }) =>
      end(job, `state = 'dead', endedAt = ?, lastError = ?, failureCode = ?`, Date.now(), text, code),
    putBack: (job, delay) => end(job, `state = 'pending', dueAt = ?, attempts = attempts - 1`, Date.now() + delay),
    async recover() {
      const changes = `state = 'pending', attempts = attempts - 1, crashes = crashes + 1, isRecovered = 1`
      return run(`UPDATE callbacks SET ${changes} WHERE state = 'running' AND dueAt < ?`, Date.now())
    },
    async list({ state, cursor = '0', limit }) {
      if (!/^\d+$/.test(cursor)) throw new TypeError('list: "cursor" must come from the page before')
      const which = state ? `state = '${state}' ORDER BY ${ORDER[state]}` : `callback IS NOT NULL ORDER BY id DESC`
      const found = select(`SELECT * FROM callbacks WHERE ${which} LIMIT ? OFFSET ?`, limit + 1, Number(cursor))
      const next = found.length > limit ? String(Number(cursor) + limit) : undefined
      return { entries: found.slice(0, limit).map(toEntry), cursor: next }
    },
    async get(key) {
      const [row] = select(`SELECT * FROM callbacks WHERE hash = ? AND callback IS NOT NULL`, keyHash(key))
      return row && toEntry(row)
    },
    async requeue({ key, most }) {
      const which = `SELECT id FROM callbacks WHERE state = 'dead' AND (? OR hash = ?) ORDER BY endedAt LIMIT ?`
      const changes = `state = 'pending', dueAt = ?, attempts = 0, crashes = 0, endedAt = NULL`
      const hash = keyHash(key ?? '')
      return run(
        `UPDATE callbacks SET ${changes} WHERE id IN (${which})`,
        Date.now(),
        key === undefined ? 1 : 0,
        hash,
        most,
      )
    },
    async stats() {
      const found = select('SELECT state, count(*) AS count FROM callbacks GROUP BY state')
      const count = (/** @type {string} */ state) => found.find((row) => row.state === state)?.count ?? 0
      const states = { pending: count('pending'), running: count('running'), done: count('done'), dead: count('dead') }
      return { ...states, seen: select('SELECT count(*) AS count FROM callbacks')[0].count }
    },
    async purge({ keep, most }) {
      const surplus = `SELECT id FROM callbacks WHERE state = 'done' ORDER BY endedAt DESC, id DESC LIMIT ? OFFSET ?`
      // The key stays, so that a duplicate is known.
      return run(`UPDATE callbacks SET state = 'purged', callback = NULL WHERE id IN (${surplus})`, most, keep)
    },
    async forget({ before, most }) {
      const old = `SELECT id FROM callbacks WHERE state IN ('done', 'purged') AND endedAt < ? LIMIT ?`
      return run(`DELETE FROM callbacks WHERE id IN (${old})`, before.getTime(), most)
    },
    close: async () => db.close(),
  }
  return createInbox(engine, { lease, pollInterval })
}

function parse(/** @type {string} */ callback) {
  const parsed = JSON.parse(callback)
  return { ...parsed, receivedAt: new Date(parsed.receivedAt) }
}

function toEntry(/** @type {any} */ { callback, state, attempts, crashes, dueAt, ...row }) {
  const date = (/** @type {number | null} */ time) => (time === null ? undefined : new Date(time))
  const nextRunAt = state === 'pending' ? new Date(dueAt) : undefined
  const times = { startedAt: date(row.startedAt), endedAt: date(row.endedAt), nextRunAt }
  const failure = { lastError: row.lastError ?? undefined, failureCode: row.failureCode || undefined }
  return { ...parse(callback), state, attempts, crashes, ...failure, ...times }
}

/** @typedef {import('@luma-callback/core/inbox').Job & { id: number, takes: number }} TableJob */
