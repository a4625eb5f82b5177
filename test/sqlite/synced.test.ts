import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { createDisk } from '../helpers/disk.ts'
import { openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { PATIENCE } from '../helpers/patience.ts'
import { canPreload, preloadReason } from '../helpers/preload.ts'
import { kill, startProcess } from '../helpers/process.ts'

const HOUR = 60 * 60 * 1000

test.skipIf(!canPreload)(`each callback that was recorded runs when the power is back${preloadReason}`, async () => {
  const disk = createDisk(temporaryFolder())
  const file = join(disk.folder, 'luma.db')
  const writer = await startProcess({ sqlite: file }, HOUR, 1, disk.env)
  writer.send({ record: ['a', 'b', 'c'] })
  await vi.waitFor(() => expect(writer.told).toContainEqual({ type: 'recorded' }), PATIENCE)
  await kill(writer)
  disk.cut('nothing')
  const inbox = openInbox(file)
  for (const task of ['a', 'b', 'c']) expect(await inbox.get(`${task}:success`), task).toBeDefined()
  const { runs } = await startInbox(inbox)
  await vi.waitFor(() => expect(runs.toSorted()).toEqual(['a', 'b', 'c']), PATIENCE)
})
