// Starts a receiver on the file it is told, sends it a callback, and tells what came of both; for tests of how it starts.
import { createHandler } from '@luma-callback/core'
import { sqliteInbox } from '@luma-callback/sqlite'
import { successOf } from '../helpers/signed.ts'

const luma = createHandler({
  onSuccess: () => {},
  verify: () => {},
  inbox: sqliteInbox(process.argv[2] ?? ''),
  observe(event) {
    if (event.type === 'error') console.log(`event: ${event.error.message}`)
  },
})
await luma.start().then(
  () => console.log('started'),
  (error: Error) => console.log(`not started: ${error.message}`),
)
const headers = { 'content-type': 'application/json' }
const { status } = await luma.handle({ method: 'POST', url: '/', headers, rawBody: successOf().body })
console.log(`answered ${status}`)
await luma.close()
// Some of what was loaded before this may keep the process.
process.exit()
