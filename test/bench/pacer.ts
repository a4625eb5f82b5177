import { Agent } from 'node:http'
import { now } from './clock.ts'
import { post } from './post.ts'
import { callbacks, requestOf } from './tasks.ts'

/** What came of the requests since the last look. */
export interface Tally {
  accepted: number
  /** Answered otherwise than 200, or not at all. */
  failed: number
  /** Milliseconds from when each was handed over to be sent until it was answered. */
  latencies: number[]
}

export interface Pacer {
  /** The tally since the last one. */
  take(): Tally
  /** Sends nothing more, and resolves when all is answered. */
  stop(): Promise<void>
}

interface PacerOptions {
  url: string
  /** Callbacks a second. */
  rate: number
  connections: number
}

/** Unanswered at once; where the receiver falls behind by more, the sender waits for it. */
const MOST_OPEN = 1_000

/** Sends callbacks at a pace that does not depend on how fast they are answered, as a provider does. */
export function startPacer({ url, rate, connections }: PacerOptions): Pacer {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const open = new Set<Promise<void>>()
  const startedAt = now()
  let sent = 0
  let tally: Tally = { accepted: 0, failed: 0, latencies: [] }

  function sendWhatIsDue(): void {
    const due = ((now() - startedAt) / 1_000) * rate
    for (; sent < due && open.size < MOST_OPEN; sent++) {
      const sending = send().finally(() => open.delete(sending))
      open.add(sending)
    }
  }

  async function send(): Promise<void> {
    const sentAt = now()
    // Made anew each time: a signature is stale after some minutes.
    const answer = await post(url, requestOf(callbacks()), agent).catch(() => undefined)
    tally.latencies.push((answer?.at ?? now()) - sentAt)
    if (answer?.status === 200) tally.accepted++
    else tally.failed++
  }

  const timer = setInterval(sendWhatIsDue, 1)
  return {
    take() {
      const taken = tally
      tally = { accepted: 0, failed: 0, latencies: [] }
      return taken
    },
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
      agent.destroy()
    },
  }
}
