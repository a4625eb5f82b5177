// Opens the files that it is told to, and tells how that went; for tests that have many do so at the same moment.
import { openFile } from '../../packages/sqlite/src/engine.ts'

process.on('message', (file: string) => {
  try {
    openFile(file, 5_000).close()
    process.send?.('opened')
  } catch (error) {
    process.send?.(String(error))
  }
})
process.send?.('ready')
