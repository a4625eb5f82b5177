// Opens the files that it is told to, and tells how that went; for tests that have many do so at the same moment.
import { openFile } from '../../packages/sqlite/src/engine.ts'
import { PATIENCE } from '../helpers/patience.ts'

process.on('message', (file: string) => {
  try {
    openFile(file, PATIENCE.timeout).close()
    process.send?.('opened')
  } catch (error) {
    process.send?.(String(error))
  }
})
process.send?.('ready')
