export { redisInbox } from './inbox.ts'
export { redisDedupe, type ClosableDedupeStore } from './dedupe.ts'
export type { RedisConnection } from './connection.ts'
export type { RedisDedupeOptions, RedisInboxOptions } from './options.ts'
