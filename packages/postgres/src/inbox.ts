import type { DurableInbox } from '@luma-callback/core'
import { createInbox } from '@luma-callback/core/inbox'
import { createBossEngine } from './boss-engine.ts'
import { openDatabase, type PostgresConnection } from './database.ts'
import { checkNode, readInboxOptions, type PostgresInboxOptions } from './options.ts'

/**
 * A durable inbox on Postgres, built on pg-boss and shared by any number of processes and machines. What was recorded is
 * committed before the answer and is delivered until it is done or dead, also when a process dies.
 *
 * @param connection - A URL, or a pool of pg with room for three connections, which is never closed.
 * @throws TypeError for a connection or option that is wrong or unknown.
 * @throws NodeVersionError (`ERR_LUMA_NODE_VERSION`) below Node 22.13.
 * @example
 * ```ts
 * import { lumaCallback } from '@luma-callback/express'
 * import { postgresInbox } from '@luma-callback/postgres'
 *
 * const luma = lumaCallback(({ taskId, resultUrls }) => console.log(taskId, resultUrls), {
 *   secret: process.env.LUMA_WEBHOOK_KEY ?? '',
 *   inbox: postgresInbox('postgres://127.0.0.1/shop'),
 * })
 * ```
 */
export function postgresInbox(connection: PostgresConnection, options: PostgresInboxOptions = {}): DurableInbox {
  checkNode()
  const { schema, timeout, lease, pollInterval, telemetry } = readInboxOptions(options)
  const database = openDatabase('postgresInbox', connection)
  return createInbox(createBossEngine({ database, schema, telemetry, lease }), { lease, pollInterval, timeout })
}
