import { ClosedError, StoreUnavailableError, toError } from '../errors/errors.ts'
import { isLumaError } from '../errors/is-luma-error.ts'
import { captureContext } from '../internal/async-context.ts'
import type { Clock } from '../internal/clock.ts'
import { onAbort } from '../internal/on-abort.ts'
import { within } from '../internal/promises.ts'
import type { InboxEngine } from './engine.ts'

/** Calls of an engine: opened first, bounded in time, and with errors that name the inbox. */
export interface EngineCalls {
  /** Opens the engine once; after a failure, the next caller tries again. */
  open(): Promise<void>
  /** Makes one call. `what` completes the message "the inbox … could not …". */
  ask<Result>(what: string, call: () => Promise<Result>): Promise<Result>
  /** The same, on an engine that is open. Opening may bring a schema, so it has its own time. */
  askOpen<Result>(what: string, call: () => Promise<Result>): Promise<Result>
  /** Resolves when the calls that were made so far have ended. */
  settled(): Promise<unknown>
  /** Waits for something of the engine's own, but no longer than the inbox lasts. */
  unlessEnded(call: () => Promise<void>): Promise<void>
}

interface EngineCallsOptions {
  /** Milliseconds; undefined for as long as a call takes. */
  timeout: number | undefined
  clock: () => Clock
  /** Aborts when the inbox begins to close. */
  closed: AbortSignal
  /** Aborts when it ends, and nobody waits any more. */
  ended: AbortSignal
}

export function createEngineCalls(
  engine: Pick<InboxEngine, 'name' | 'open' | 'problem'>,
  { timeout, clock, closed, ended }: EngineCallsOptions,
): EngineCalls {
  // Connections that a call opens are shared by all, and must not keep one request's context.
  const inMaking = captureContext()
  const running = new Set<Promise<unknown>>()
  let opening: Promise<void> | undefined

  /** Rejects when the inbox ends, however long the engine takes. */
  function open(): Promise<void> {
    opening ??= unlessEnded(() => inMaking(() => engine.open())).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  function unlessEnded(call: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const ignore = onAbort(ended, () => reject(closedError(engine.name)))
      call().finally(ignore).then(resolve, reject)
    })
  }

  /** One that was made before the inbox closes is done, as the storage closes after it. */
  async function named<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    if (closed.aborted) throw closedError(engine.name)
    const run = inMaking(call)
    running.add(run)
    try {
      return await run
    } catch (cause) {
      if (cause instanceof TypeError || isLumaError(cause)) throw cause
      throw new StoreUnavailableError(`${engine.name} could not ${what}: ${toError(cause).message}`, { cause })
    } finally {
      running.delete(run)
    }
  }

  function inTime<Result>(call: () => Promise<Result>): Promise<Result> {
    if (timeout === undefined) return call()
    const late = (): Error => engine.problem?.() ?? new Error(`no answer within ${timeout} ms`)
    return within(call, timeout, late, clock())
  }

  return {
    open,
    ask: (what, call) => named(what, async () => inTime(call)),
    askOpen: (what, call) =>
      named(what, async () => {
        await open()
        return inTime(call)
      }),
    settled: () => Promise.allSettled(running),
    unlessEnded,
  }
}

export function closedError(name: string): ClosedError {
  return new ClosedError(`${name} was closed`)
}
