import { StoreUnavailableError, type InboxOptions, type Timer } from '@luma-callback/core'
import type { Connection } from './connection.ts'
import { STEP } from './looks.ts'

/** Of what is done, this many of the latest stay to be looked at. */
const DONE_KEPT = 10_000
/** How often what is done or old is cleared away, in milliseconds. */
const SWEEP_INTERVAL = 5_000

interface HousekeepingOptions extends Pick<InboxOptions, 'retention' | 'retry' | 'emit' | 'clock'> {
  connection: Pick<Connection, 'call'>
  /** Milliseconds. */
  pollInterval: number
  /** Called when there is work again that a dead process or an ended lease had left behind. */
  onRecovered: () => void
}

/**
 * What has to be done from time to time, until it is stopped: looking for what others left behind, and clearing
 * away. Small steps, each a call of its own, so that callbacks go in between.
 */
export function startHousekeeping(options: HousekeepingOptions): { stop: () => Promise<void> } {
  const { connection, pollInterval, retention, retry, emit, clock, onRecovered } = options
  const stopped = new AbortController()
  let sweptAt = clock.now()
  let timer: Timer | undefined
  let turn = Promise.resolve()

  async function recover(): Promise<void> {
    if ((await connection.call('recover', clock.now() + retry.maxDelay)) > 0) onRecovered()
  }

  async function sweep(): Promise<void> {
    sweptAt = clock.now()
    // A step that was not full was the last one: what is done meanwhile is for the next sweep, for each step counts its
    // way past all that is kept. Under load, going on until nothing was left took a twentieth of the thread's time.
    while (!stopped.signal.aborted && (await connection.call('purge', DONE_KEPT)) === STEP);
    while (!stopped.signal.aborted && (await connection.call('forget', clock.now() - retention)));
  }

  async function look(): Promise<void> {
    try {
      await recover()
      if (clock.now() - sweptAt >= SWEEP_INTERVAL) await sweep()
    } catch (cause) {
      emit({ type: 'error', error: new StoreUnavailableError('the inbox could not be tidied up', { cause }) })
    }
    if (!stopped.signal.aborted) schedule()
  }

  function schedule(): void {
    timer = clock.setTimeout(() => {
      turn = look()
    }, pollInterval)
  }

  schedule()
  return {
    stop() {
      stopped.abort()
      clock.clearTimeout(timer)
      return turn
    },
  }
}
