// Closes an inbox while it is asked for much, with nothing else that keeps the process; for a test of what it still does.
import { sqliteInbox } from '@luma-callback/sqlite'
import { callbackOf } from '../helpers/inboxes.ts'

const inbox = sqliteInbox(process.argv[2] ?? '')
await inbox.stats()
const recorded = Promise.all(Array.from({ length: 100 }, (_, index) => inbox.record(callbackOf(`task-${index}`))))
await inbox.close()
console.log(`closed, and ${(await recorded).length} recorded`)
