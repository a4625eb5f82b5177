import type { DurableInbox } from '@luma-callback/core'
import { PATIENCE } from '../helpers/patience.ts'
import {
  hasPostgres,
  hasPostgresServer,
  openPostgresInbox,
  postgresNamespace,
  postgresReason,
  postgresServerReason,
  startPostgres,
} from '../helpers/postgres.ts'
import {
  hasRedis,
  hasRedisServer,
  openRedisInbox,
  redisNamespace,
  redisReason,
  redisServerReason,
  startRedis,
} from '../helpers/redis.ts'
import type { Where } from '../helpers/worker-process.ts'

/** What is promised of the inbox on either engine is tested once, and run on both. */
export interface Engine {
  name: string
  isThere: boolean
  /** What a title says of tests that are left out. */
  reason: string
  canStart: boolean
  startReason: string
  /** Room of the test's own on the server that tests share. */
  makeRoom(options: {
    lease: number
  }): Promise<{ where: Where; open: () => DurableInbox; tearDown: () => Promise<void> }>
  /** A server of the test's own. */
  startServer(): Promise<{ url: string; port: number; start(): Promise<void>; kill(): Promise<void> }>
  /** The URL of a server that is reached by this port. */
  urlAt(port: number): string
  open(url: string, options?: { lease?: number; timeout?: number }): DurableInbox
}

export const redis: Engine = {
  name: 'Redis',
  isThere: hasRedis,
  reason: redisReason,
  canStart: hasRedisServer,
  startReason: redisServerReason,
  async makeRoom({ lease }) {
    const { url, prefix, tearDown } = await redisNamespace()
    const options = { prefix, lease, timeout: PATIENCE.timeout }
    return { where: { redis: url, options }, open: () => openRedisInbox(url, options), tearDown }
  },
  startServer: startRedis,
  urlAt: (port) => `redis://127.0.0.1:${port}`,
  open: openRedisInbox,
}

export const postgres: Engine = {
  name: 'Postgres',
  isThere: hasPostgres,
  reason: postgresReason,
  canStart: hasPostgresServer,
  startReason: postgresServerReason,
  async makeRoom({ lease }) {
    const { url, schema, tearDown } = await postgresNamespace()
    const options = { schema, lease, timeout: PATIENCE.timeout }
    return { where: { postgres: url, options }, open: () => openPostgresInbox(url, options), tearDown }
  },
  startServer: startPostgres,
  urlAt: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  open: openPostgresInbox,
}
