import type { Clock, Timer } from '../internal/clock.ts'

export interface LeaseOptions {
  /** How long a claim holds without being renewed, in milliseconds. */
  lease: number
  /** Resolves to false if the claim belongs to someone else by now. */
  renew: () => Promise<boolean>
  /** Called once, when the store has said that the claim is not ours any more. */
  onLost: () => void
  /** Called for each renewal that failed or hangs; the next one may succeed. */
  onError: (error: unknown) => void
  clock: Clock
}

/**
 * Renews a claim each third of its lease until `stop` is called. Only the store's word ends a claim: while the store is away,
 * other processes that cannot reach it take nothing, so a lease that ran out is asked about as soon as the store answers.
 */
export function keepLease({ lease, renew, onLost, onError, clock }: LeaseOptions): { stop: () => void } {
  /** When the renewal was sent that has no answer yet. */
  let askedAt: number | undefined
  let isStopped = false
  let timer = schedule()

  function schedule(): Timer {
    const next = clock.setTimeout(tick, lease / 3)
    next.unref?.()
    return next
  }

  function stop(): void {
    isStopped = true
    clock.clearTimeout(timer)
  }

  function tick(): void {
    timer = schedule()
    if (askedAt === undefined) return void ask()
    if (clock.elapsed() - askedAt < lease) return
    // Its answer may never come, so another one is sent.
    onError(new Error(`no answer within ${lease} ms`))
    void ask()
  }

  async function ask(): Promise<void> {
    const sentAt = clock.elapsed()
    askedAt = sentAt
    try {
      const isOurs = await renew()
      // What becomes of a claim that is not needed any more is no loss, and below no failure.
      if (isOurs || isStopped) return
      stop()
      onLost()
    } catch (error) {
      if (!isStopped) onError(error)
    } finally {
      if (askedAt === sentAt) askedAt = undefined
    }
  }

  return { stop }
}
