import type { Clock, Timer } from '../internal/clock.ts'

export interface LeaseOptions {
  /** How long a claim holds without being renewed, in milliseconds. */
  lease: number
  /** Resolves to false if the claim belongs to someone else by now. */
  renew: () => Promise<boolean>
  /** Called once, when the claim is lost or can no longer be trusted to be ours. */
  onLost: () => void
  /** Called for each renewal that failed for another reason; the next one may succeed. */
  onError: (error: unknown) => void
  clock: Clock
}

/**
 * Renews a claim each third of its lease until `stop` is called. If renewals hang or fail for so long that
 * the lease has run out, the claim counts as lost: the store may have given it away.
 */
export function keepLease({ lease, renew, onLost, onError, clock }: LeaseOptions): { stop: () => void } {
  let renewedAt = clock.elapsed()
  let state: 'held' | 'asking' | 'failing' = 'held'
  let isStopped = false
  let timer = schedule()

  function schedule(): Timer {
    const next = clock.setTimeout(tick, lease / 3)
    next.unref?.()
    return next
  }

  function tick(): void {
    // Time alone does not lose a lease: after a blocked event loop the store is asked first.
    if (state !== 'held' && clock.elapsed() - renewedAt >= lease) return onLost()
    timer = schedule()
    if (state !== 'asking') void ask()
  }

  async function ask(): Promise<void> {
    const askedAt = clock.elapsed()
    state = 'asking'
    try {
      if (!(await renew())) {
        clock.clearTimeout(timer)
        return onLost()
      }
      renewedAt = askedAt
      state = 'held'
    } catch (error) {
      state = 'failing'
      // What becomes of a claim that is not needed any more is no failure.
      if (!isStopped) onError(error)
    }
  }

  return {
    stop() {
      isStopped = true
      clock.clearTimeout(timer)
    },
  }
}
