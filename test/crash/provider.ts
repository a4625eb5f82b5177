import { setTimeout as sleep } from 'node:timers/promises'
import { sign } from '@luma-callback/core'

/** The provider waits this long for an answer, and sends a callback at most three times more. */
const ANSWER_TIMEOUT = 15_000
const RETRIES = 3

export interface Provider {
  /** The keys of all callbacks that were answered 200. */
  readonly acknowledged: string[]
  readonly sent: number
  /** Sends nothing new, and resolves when what is under way has ended. */
  stop(): Promise<void>
}

interface ProviderOptions {
  /** Where the receiver is now; undefined while it is down. */
  url: () => string | undefined
  secret: string
  random: () => number
  /** Callbacks under way at once. */
  connections: number
}

/** Sends callbacks without a pause, a fifth of them twice, and retries them as the provider does, in shorter pauses. */
export function startProvider({ url, secret, random, connections }: ProviderOptions): Provider {
  const acknowledged: string[] = []
  let sent = 0
  const stopped = new AbortController()

  async function deliver(taskId: string): Promise<boolean> {
    const to = url()
    if (to === undefined) return false
    const timestamp = Math.floor(Date.now() / 1000)
    const body = JSON.stringify({
      code: 200,
      msg: 'success',
      data: { taskId, promptJson: '{}', resultUrls: [`https://tempfile.example/${taskId}.mp4`] },
    })
    const headers = {
      'content-type': 'application/json',
      'x-webhook-timestamp': String(timestamp),
      'x-webhook-signature': sign({ taskId, timestamp, secret }),
    }
    try {
      const response = await fetch(to, { method: 'POST', headers, body, signal: AbortSignal.timeout(ANSWER_TIMEOUT) })
      await response.text()
      return response.status === 200
    } catch {
      return false
    }
  }

  async function deliverWithRetries(taskId: string): Promise<void> {
    for (let attempt = 0; attempt <= RETRIES; attempt++) {
      if (await deliver(taskId)) {
        acknowledged.push(`${taskId}:success`)
        return
      }
      await sleep(20 + 200 * random())
    }
  }

  async function work(name: number): Promise<void> {
    for (let count = 1; !stopped.signal.aborted; count++) {
      const taskId = `task-${name}-${count}`
      sent++
      const twice = random() < 0.2
      await Promise.all([deliverWithRetries(taskId), twice && deliverWithRetries(taskId)])
    }
  }

  const all = Promise.all(Array.from({ length: connections }, (_, name) => work(name)))
  return {
    acknowledged,
    get sent() {
      return sent
    },
    async stop() {
      stopped.abort()
      await all
    },
  }
}
