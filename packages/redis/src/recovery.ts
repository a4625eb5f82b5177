import { StoreUnavailableError } from '@luma-callback/core'
import type { InboxOptions, Timer } from '@luma-callback/core/inbox'
import type { Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { putBackStalled } from './beyond-docs.ts'

export interface RecoveryOptions extends Pick<InboxOptions, 'emit' | 'clock'> {
  worker: Worker
  redis: Redis
  /** Milliseconds. */
  lease: number
  /** Milliseconds between looks for what was left behind. */
  interval: number
  /** Called when there is work again that a dead process had left behind. */
  onRecovered: () => void
}

/**
 * Looks for what a crash left behind, as soon as there is a connection, and then again and again until it is stopped.
 *
 * By BullMQ's own step, but not by its own timer, which looks in the moment that Redis is back: then each lock has run
 * out, because nobody could renew any, and what is done already and only waits to be written would be run again. So
 * after a look that failed or came late, and with a Redis that was just started, holders are given a lease's time.
 */
export function startRecovery(options: RecoveryOptions): { stop: () => void } {
  const { worker, redis, lease, interval, emit, clock, onRecovered } = options
  let lookedAt = times()
  let hasFailed = false
  let patientUntil = 0
  let isStopped = false
  let timer: Timer | undefined

  /** The one clock may be set, and Redis's own with it; the other stands still while the machine sleeps. */
  function times(): readonly number[] {
    return [clock.now(), clock.elapsed()]
  }

  async function look(): Promise<void> {
    // BullMQ would wait until there is a connection.
    if (redis.status !== 'ready') throw new Error('there is no connection')
    await redis.ping()
    const now = times()
    // What holds up this process, or its way to Redis, held up its renewals too.
    const isLate = now.some((time, index) => time - (lookedAt[index] ?? 0) > (2 * lease) / 3)
    if (hasFailed || isLate) patientUntil = clock.elapsed() + lease
    lookedAt = now
    hasFailed = false
    if (clock.elapsed() < patientUntil || (await uptimeOf(redis)) < lease || isStopped) return
    if ((await putBackStalled(worker)) > 0) onRecovered()
  }

  async function turn(): Promise<void> {
    try {
      await look()
    } catch (cause) {
      hasFailed = true
      // That Redis is away the runner tells, in fewer words.
      if (redis.status === 'ready' && !isStopped) {
        const error = new StoreUnavailableError('the queue on Redis could not be kept in order', { cause })
        emit({ type: 'error', error })
      }
    }
    if (!isStopped) timer = clock.setTimeout(() => void turn(), interval)
  }

  if (redis.status === 'ready') void turn()
  else redis.once('ready', () => void turn())
  return {
    stop() {
      isStopped = true
      clock.clearTimeout(timer)
    },
  }
}

/** Milliseconds since Redis was started; as good as for ever where we may not ask. */
async function uptimeOf(redis: Redis): Promise<number> {
  const info = await redis.info('server').catch(() => '')
  const seconds = /^uptime_in_seconds:(\d+)/m.exec(info)?.[1] ?? Infinity
  // The difference of two whole seconds, which may be one too many.
  return (Number(seconds) - 1) * 1_000
}
