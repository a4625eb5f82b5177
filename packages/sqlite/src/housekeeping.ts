import { StoreUnavailableError } from '@luma-callback/core'
import type { InboxOptions, Timer } from '@luma-callback/core/inbox'
import type { Connection } from './connection.ts'
import { STEP } from './inspect.ts'

/** Of what is done, this many of the latest stay to be looked at. */
const DONE_KEPT = 10_000
/** How often what is done or old is cleared away, in milliseconds. */
const SWEEP_INTERVAL = 5_000

interface HousekeepingOptions extends Pick<InboxOptions, 'retention' | 'retry' | 'emit' | 'clock'> {
  connection: Pick<Connection, 'call'>
  /** Milliseconds, as the lease. */
  pollInterval: number
  lease: number
  /** Called when there is work again that a dead process or an ended lease had left behind. */
  onRecovered: () => void
}

/**
 * What has to be done from time to time, until it is stopped: looking for what others left behind, and clearing
 * away. Small steps, each a call of its own, so that callbacks go in between, and the looking too.
 */
export function startHousekeeping(options: HousekeepingOptions): { stop: () => Promise<unknown> } {
  const { connection, pollInterval, lease, retention, retry, emit, clock, onRecovered } = options
  const stopped = new AbortController()
  let sweptAt = clock.now()
  let timer: Timer | undefined
  let looking = Promise.resolve()
  let sweeping: Promise<void> | undefined
  let lastProblem: string | undefined

  function fail(cause: unknown): void {
    emit({ type: 'error', error: new StoreUnavailableError('the inbox could not be tidied up', { cause }) })
  }

  async function recover(): Promise<void> {
    const { count, problem } = await connection.call('recover', { now: clock.now(), maxDelay: retry.maxDelay, lease })
    if (count > 0) onRecovered()
    // Told once, not at each look.
    if (problem !== undefined && problem !== lastProblem) fail(new Error(problem))
    lastProblem = problem
  }

  async function sweep(): Promise<void> {
    sweptAt = clock.now()
    // A step that was not full was the last one: what is done meanwhile is for the next sweep, for each step counts its
    // way past all that is kept. Under load, going on until nothing was left took a twentieth of the thread's time.
    while (!stopped.signal.aborted && (await connection.call('purge', DONE_KEPT)) === STEP);
    while (!stopped.signal.aborted && (await connection.call('forget', clock.now() - retention)));
  }

  async function look(): Promise<void> {
    await recover().catch(fail)
    // Its own way of time, for there may be millions to clear away. A clock that was set back keeps nothing from it.
    if (!sweeping && Math.abs(clock.now() - sweptAt) >= SWEEP_INTERVAL) {
      sweeping = sweep()
        .catch(fail)
        .finally(() => {
          sweeping = undefined
        })
    }
    if (!stopped.signal.aborted) schedule()
  }

  function schedule(): void {
    timer = clock.setTimeout(() => {
      looking = look()
    }, pollInterval)
  }

  schedule()
  return {
    stop() {
      stopped.abort()
      clock.clearTimeout(timer)
      return Promise.all([looking, sweeping])
    },
  }
}
