import { StoreUnavailableError } from '../errors/errors.ts'
import { isLumaError } from '../errors/is-luma-error.ts'
import type { Timer } from '../internal/clock.ts'
import type { InboxOptions } from './contract.ts'
import type { InboxEngine } from './engine.ts'
import type { Job } from './job.ts'
import { within } from '../internal/promises.ts'
import type { Patience } from './patience.ts'
import { createSweeper } from './sweep.ts'

interface HousekeepingOptions<Held extends Job> extends Pick<InboxOptions, 'retention' | 'emit' | 'clock'> {
  engine: InboxEngine<Held>
  /** The jobs that this process runs. */
  held: () => readonly Held[]
  /** Milliseconds. */
  lease: number
  /** Milliseconds between two looks. */
  interval: number
  patience: Patience
  /** Called when jobs are due again that a dead process had left behind. */
  onRecovered: () => void
}

export interface Housekeeping {
  /** Resolves when crashes have been looked for once. */
  firstLook: Promise<void>
  stop(): Promise<unknown>
}

/** Recovers what crashes left behind and clears away what is old, from time to time, until it is stopped. */
export function startHousekeeping<Held extends Job>(options: HousekeepingOptions<Held>): Housekeeping {
  const { engine, held, lease, interval, patience, retention, emit, clock, onRecovered } = options
  const stopped = new AbortController()
  const sweeper = createSweeper({ engine, retention, clock, stopped: stopped.signal, onError: fail })
  let timer: Timer | undefined
  let looking = look()

  /** An engine that has no uptime cannot be away, so its leases end by their time. */
  async function recover(): Promise<void> {
    if (engine.uptime && !patience.mayRecover(await engine.uptime())) return
    if (!stopped.signal.aborted && (await engine.recover(held())) > 0) onRecovered()
  }

  function fail(cause: unknown): void {
    emit({ type: 'error', error: new StoreUnavailableError(`${engine.name} could not be tidied up`, { cause }) })
  }

  async function look(): Promise<void> {
    try {
      await within(recover, lease, () => new Error(`no answer within ${lease} ms`), clock)
    } catch (cause) {
      patience.failed()
      // That the engine is away the runner tells, in fewer words.
      if (!isLumaError(cause, 'ERR_LUMA_STORE_UNAVAILABLE')) fail(cause)
    }
    if (stopped.signal.aborted) return
    sweeper.sweepIfDue()
    timer = clock.setTimeout(() => {
      looking = look()
    }, interval)
  }

  return {
    firstLook: looking,
    stop() {
      stopped.abort()
      clock.clearTimeout(timer)
      return Promise.all([looking, sweeper.ended()])
    },
  }
}
