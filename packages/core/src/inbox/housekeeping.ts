import { StoreUnavailableError } from '../errors/errors.ts'
import type { Timer } from '../internal/clock.ts'
import type { InboxOptions } from './contract.ts'
import type { InboxEngine } from './engine.ts'
import type { Job } from './job.ts'
import { createPatience } from './patience.ts'
import { createSweeper } from './sweep.ts'

/** However long a lease is, one that has run out is found after this many milliseconds. */
const LONGEST_INTERVAL = 5_000

interface HousekeepingOptions<Held extends Job> extends Pick<InboxOptions, 'retention' | 'emit' | 'clock'> {
  engine: InboxEngine<Held>
  /** The jobs that this process runs. */
  held: () => readonly Held[]
  /** Milliseconds. */
  lease: number
  /** Milliseconds between two looks. Default: a third of the lease, at most 5 000. */
  interval?: number | undefined
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
  const { engine, held, lease, retention, emit, clock, onRecovered } = options
  const interval = options.interval ?? Math.min(Math.ceil(lease / 3), LONGEST_INTERVAL)
  const patience = createPatience({ lease, interval, clock })
  const stopped = new AbortController()
  const sweeper = createSweeper({ engine, retention, clock, stopped: stopped.signal, onError: fail })
  let timer: Timer | undefined
  let looking = look()

  async function recover(): Promise<void> {
    const uptime = (await engine.uptime?.()) ?? Infinity
    if (!patience.mayRecover(uptime) || stopped.signal.aborted) return
    if ((await engine.recover(held())) > 0) onRecovered()
  }

  function fail(cause: unknown): void {
    emit({ type: 'error', error: new StoreUnavailableError(`${engine.name} could not be tidied up`, { cause }) })
  }

  async function look(): Promise<void> {
    try {
      await recover()
    } catch (cause) {
      patience.failed()
      // While a connection is lost, the runner tells of it.
      if (!engine.problem?.()) fail(cause)
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
