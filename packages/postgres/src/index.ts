export { postgresInbox } from './inbox.ts'
export { postgresDedupe, type ClosableDedupeStore } from './dedupe.ts'
export type { PostgresConnection } from './database.ts'
export type { PostgresDedupeOptions, PostgresInboxOptions } from './options.ts'
