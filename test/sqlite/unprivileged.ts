// Opens a file that it may not write: as another user where it can become one, else after taking the right from itself.
import { chmodSync } from 'node:fs'
import { dirname } from 'node:path'
import { sqliteInbox } from '@luma-callback/sqlite'

const NOBODY = 65_534
const [file = '', folderMode = '555', fileMode = '444'] = process.argv.slice(2)
chmodSync(file, Number.parseInt(fileMode, 8))
chmodSync(dirname(file), Number.parseInt(folderMode, 8))
if (process.getuid?.() === 0) {
  process.setgid?.(NOBODY)
  process.setuid?.(NOBODY)
}
const inbox = sqliteInbox(file)
try {
  await inbox.stats()
  console.log('it was opened')
} catch (error) {
  console.log(error)
}
await inbox.close()
