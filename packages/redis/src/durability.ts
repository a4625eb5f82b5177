import { printable } from '@luma-callback/core/internal'
import type { Redis } from 'ioredis'

/**
 * Warns, once for each inbox, if this Redis may lose what it has confirmed: without an append-only file all since the
 * last snapshot is gone when it ends, and a server that evicts keys drops callbacks when its memory is full.
 */
export async function warnOfLosses(redis: Redis): Promise<void> {
  const problems: string[] = []
  // Where the administrator does not let us ask, we cannot tell.
  const info = await redis.info().catch(() => '')
  if (/^aof_enabled:0/m.test(info)) problems.push('it has no append-only file (set "appendonly yes")')
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
  if (policy !== undefined && policy !== 'noeviction') {
    problems.push(`it drops keys when its memory is full (maxmemory-policy ${printable(policy)}; set "noeviction")`)
  }
  if (problems.length === 0) return
  process.emitWarning(`redisInbox: this Redis may lose callbacks that were answered 200: ${problems.join('; ')}`, {
    code: 'LUMA_REDIS_LOSES',
  })
}
