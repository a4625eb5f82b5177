export { sqliteInbox } from './inbox.ts'
export type { SqliteInboxOptions } from './options.ts'
