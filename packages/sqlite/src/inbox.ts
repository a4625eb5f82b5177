import { resolve } from 'node:path'
import type { DurableInbox } from '@luma-callback/core'
import { createInbox } from '@luma-callback/core/inbox'
import { createFileEngine } from './file-engine.ts'
import { checkNode, readOptions, type SqliteInboxOptions } from './options.ts'
import { createThreadClient } from './thread-client.ts'

/**
 * A durable inbox in one SQLite file. What was recorded is on the disk before the answer and is delivered until
 * it is done or dead, also after a crash. Any number of processes of one machine may share the file.
 *
 * @param file - Made if it is not there, for its owner's eyes only. On a local disk: SQLite's locks need one.
 * @throws TypeError for an option that is wrong or unknown.
 * @throws NodeVersionError (`ERR_LUMA_NODE_VERSION`) below Node 22.13.
 * @example
 * ```ts
 * import { lumaCallback } from '@luma-callback/express'
 * import { sqliteInbox } from '@luma-callback/sqlite'
 *
 * const luma = lumaCallback(({ taskId, resultUrls }) => console.log(taskId, resultUrls), {
 *   secret: process.env.LUMA_WEBHOOK_KEY ?? '',
 *   inbox: sqliteInbox('luma.db'),
 * })
 * ```
 */
export function sqliteInbox(file: string, options: SqliteInboxOptions = {}): DurableInbox {
  checkNode()
  if (typeof file !== 'string' || file === '' || file === ':memory:' || file.includes('\0')) {
    throw new TypeError('sqliteInbox: the file must be a path; what is only in memory would be lost')
  }
  const { busyTimeout, lease, pollInterval } = readOptions(options)
  const path = resolve(file)
  const engine = createFileEngine(createThreadClient({ file: path, busyTimeout }), path, lease)
  // The operating system tells at once which process is gone, so there is no need to wait for its leases.
  return createInbox(engine, { lease, pollInterval, recoverInterval: pollInterval })
}
