// What a program of a user writes, with types that have to be found and to hold.
import { ClosedError, isLumaError, lumaCallback, type LumaCallback, type LumaOptions } from '@luma-callback/express'
import { lumaCallback as koaCallback } from '@luma-callback/koa'
import { createHandler, type LumaHandler } from '@luma-callback/core'
import { sqliteInbox } from '@luma-callback/sqlite'
import { redisInbox } from '@luma-callback/redis'
import { postgresInbox } from '@luma-callback/postgres'
import { saveResults } from '@luma-callback/download'
import { createClient } from '@luma-callback/client'
import { sampleCallback } from '@luma-callback/testing'

const options: LumaOptions = {
  onSuccess: async (callback, { signal }) => {
    const [video] = await saveResults(callback, { to: 'videos', signal })
    const bytes: number | undefined = video?.bytes
    console.log(callback.resultUrls.length, bytes)
  },
}

function outcomeOf(callback: LumaCallback): string {
  return callback.outcome === 'success' ? callback.resultUrls[0] : callback.reason
}

export function familyOf(error: unknown): string | undefined {
  if (isLumaError(error, 'ERR_LUMA_OTHER_FAMILY')) return error.family
  if (isLumaError(error) && error.code === 'ERR_LUMA_API_RATE_LIMITED') return String(error.retryAfter)
  // @ts-expect-error not every error of ours has one
  return isLumaError(error) ? error.family : undefined
}

// @ts-expect-error a failure has no result
export const wrong = (callback: Extract<LumaCallback, { outcome: 'failure' }>) => callback.resultUrls[0]
export const inboxes = () => [
  sqliteInbox('luma.db'),
  redisInbox('redis://127.0.0.1'),
  postgresInbox('postgres://localhost'),
]
export const client = () => createClient({ apiKey: 'key' })
export const handler: LumaHandler = createHandler(options)
console.log(
  typeof lumaCallback(options),
  typeof koaCallback(options),
  outcomeOf(sampleCallback()),
  new ClosedError('x').code,
)
