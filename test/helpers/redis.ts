import { execFileSync } from 'node:child_process'
import { redisInbox } from '@luma-callback/redis'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { PATIENCE } from './patience.ts'
import {
  answers,
  runCluster,
  runRedis,
  type ClusterSettings,
  type RedisServer,
  type RunningCluster,
} from './redis-servers.ts'

/** A server of the test's own that can be killed, with an append-only file that is synced at each write. */
export async function startRedis(...more: string[]): Promise<RedisServer> {
  const server = await runRedis(...more)
  onTestFinished(server.close)
  return server
}

/** Servers of the test's own that make up a Redis Cluster. */
export async function startCluster(settings: ClusterSettings = {}): Promise<RunningCluster> {
  const cluster = await runCluster(settings)
  onTestFinished(cluster.close)
  return cluster
}

/** Whether tests can start a server of their own. */
export const hasRedisServer: boolean = canRun('redis-server')

function canRun(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A server that is there already: REDIS_URL, else one on the standard port. */
async function findRedis(): Promise<string | undefined> {
  const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'
  return (await answers(url)) ? url : undefined
}

const found = await findRedis()

export const hasRedis: boolean = found !== undefined || hasRedisServer
/** What a title says of tests that are left out. */
export const redisReason: string = hasRedis
  ? ''
  : ' (left out: no Redis; start one, name it in REDIS_URL, or install redis-server)'
export const redisServerReason: string = hasRedisServer ? '' : ' (left out: they need redis-server on the PATH)'

/** The server that tests share, each with keys of its own. */
async function redisUrl(): Promise<string> {
  return found ?? (await startRedis()).url
}

let namespaces = 0

/** A prefix of the test's own; what is kept under it goes with the test. */
export async function redisNamespace(): Promise<{ url: string; prefix: string; tearDown: () => Promise<void> }> {
  const url = await redisUrl()
  const prefix = `{luma-test-${process.pid}-${Date.now()}-${++namespaces}}`
  return {
    url,
    prefix,
    async tearDown() {
      const redis = new Redis(url)
      for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 }) as AsyncIterable<string[]>) {
        if (keys.length > 0) await redis.unlink(keys)
      }
      redis.disconnect()
    },
  }
}

/** An inbox of the test's own, closed when it ends. It fails on no machine for being slow. */
export function openRedisInbox(
  url: string,
  options: Parameters<typeof redisInbox>[1] = {},
): ReturnType<typeof redisInbox> {
  const inbox = redisInbox(url, { pollInterval: 50, timeout: PATIENCE.timeout, ...options })
  onTestFinished(() => inbox.close({ timeout: 0 }))
  return inbox
}
