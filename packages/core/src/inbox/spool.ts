import type { LumaCallback } from '../callback/parse.ts'
import { checkOptions } from '../internal/check-options.ts'
import { systemClock } from '../internal/clock.ts'
import { integer } from '../internal/option-rules.ts'
import { closeTimeout } from './close-timeout.ts'
import { ClosedError, StoreUnavailableError, toError } from '../errors/errors.ts'
import type { DurableInbox, InboxOptions, Recorded } from './contract.ts'
import { mover, troublesOf } from './spool-moves.ts'
import type { Deliver } from '../hooks/hooks.ts'
import { pause, within } from '../internal/promises.ts'

/** What `withSpool` can be told. */
export interface SpoolOptions {
  /** How long the inbox may take before a callback goes to the spool, in milliseconds. Default: 3 000. */
  timeout?: number | undefined
}

const TIMEOUT = 3_000
/** The spool tries for as long as it takes; between two tries of one callback pass so many milliseconds. */
const MOVING = { attempts: Number.MAX_SAFE_INTEGER, minDelay: 500, maxDelay: 5_000 }

/**
 * An inbox that goes on taking callbacks while its engine is away. What the inbox does not take in time is kept in the
 * spool, a durable inbox on this machine, is answered 200, and moves over when the inbox takes it. Hooks run from the
 * inbox alone, so one callback still runs once. What can be looked into is the inbox; the spool by itself.
 *
 * @param inbox - Where callbacks belong: `redisInbox`, `postgresInbox`, or one of your own.
 * @param spool - Where they wait: `sqliteInbox(file)`, a file for each machine, and for nothing else.
 * @throws TypeError that names the option that is wrong or unknown.
 * @example
 * ```ts
 * import { withSpool } from '@luma-callback/core'
 * import { redisInbox } from '@luma-callback/redis'
 * import { sqliteInbox } from '@luma-callback/sqlite'
 *
 * const inbox = withSpool(redisInbox('redis://127.0.0.1'), sqliteInbox('spool.db'))
 * ```
 */
export function withSpool(inbox: DurableInbox, spool: DurableInbox, options: SpoolOptions = {}): DurableInbox {
  const { timeout } = checkOptions('withSpool', options, {
    timeout: integer({ fallback: TIMEOUT, unit: 'milliseconds' }),
  })
  const closed = new AbortController()
  let starting: Promise<void> | undefined

  function recordIn(callback: LumaCallback): Promise<Recorded> {
    const late = (): Error => new Error(`the inbox did not take task ${callback.taskId} within ${timeout} ms`)
    return within(() => inbox.record(callback), timeout, late, systemClock)
  }

  async function record(callback: LumaCallback): Promise<Recorded> {
    if (closed.signal.aborted) throw new ClosedError('the inbox and its spool were closed')
    try {
      return await recordIn(callback)
    } catch (cause) {
      // It may have taken the callback and only its answer was lost: then it will know the callback when that is moved.
      return recordInSpool(callback, cause)
    }
  }

  async function recordInSpool(callback: LumaCallback, cause: unknown): Promise<Recorded> {
    try {
      return await spool.record(callback)
    } catch (error) {
      const errors = new AggregateError([cause, error])
      throw new StoreUnavailableError(`neither the inbox nor its spool took task ${callback.taskId}`, { cause: errors })
    }
  }

  async function startSpool(inboxOptions: InboxOptions): Promise<void> {
    await spool.requeue()
    const moves = { inbox, spool, recordIn, emit: inboxOptions.emit, closed: closed.signal }
    const spoolOptions = { ...inboxOptions, retry: MOVING, emit: troublesOf(moves), outage: undefined }
    await spool.start(mover(moves), spoolOptions)
  }

  /** Until it succeeds: that the engine is away is no reason for a receiver not to start. */
  async function startInbox(deliver: Deliver, inboxOptions: InboxOptions): Promise<void> {
    const { emit, clock, outage } = inboxOptions
    while (!closed.signal.aborted) {
      try {
        await inbox.start(deliver, inboxOptions)
        return outage?.worked('start')
      } catch (cause) {
        outage?.failed('start')
        const message = `the inbox could not be started yet: ${toError(cause).message}`
        emit({ type: 'error', error: new StoreUnavailableError(message, { cause }) })
        await pause(MOVING.maxDelay, closed.signal, clock)
      }
    }
  }

  return {
    record,
    async start(deliver, inboxOptions) {
      await startSpool(inboxOptions)
      starting = startInbox(deliver, inboxOptions)
      // An engine that answers is started when this resolves. One that does not answer delays no start.
      await within(
        () => starting ?? Promise.resolve(),
        timeout,
        () => new Error('later'),
        systemClock,
      ).catch(() => {})
    },
    async close(closeOptions) {
      const closing = { timeout: closeTimeout(closeOptions) }
      closed.abort()
      await Promise.all([inbox.close(closing), spool.close(closing), starting])
    },
    async get(key) {
      const spooled = await spool.get(key).catch(() => undefined)
      return spooled && spooled.state !== 'done' ? spooled : inbox.get(key)
    },
    list: (listOptions) => inbox.list(listOptions),
    requeue: (key) => inbox.requeue(key),
    stats: () => inbox.stats(),
    purge: () => inbox.purge(),
  }
}
