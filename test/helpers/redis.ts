import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { redisInbox } from '@luma-callback/redis'
import { Redis } from 'ioredis'
import { expect, onTestFinished, vi } from 'vitest'
import { PATIENCE } from './patience.ts'
import { freePort } from './ports.ts'
import { startServer, type ServerProcess } from './server-process.ts'

export interface RedisServer {
  url: string
  port: number
  /** Starts it again, with the data that it had written. */
  start(): Promise<void>
  kill(): Promise<void>
}

/** A server of the test's own that can be killed, with an append-only file that is synced at each write. */
export async function startRedis(...more: string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'luma-redis-'))
  const port = await freePort()
  const options = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--dir', folder, ...more]
  const args = ['--port', String(port), '--bind', '127.0.0.1', ...options]
  let server: ServerProcess | undefined

  async function start(): Promise<void> {
    server = await startServer('redis-server', args, { answers: () => answers(`redis://127.0.0.1:${port}`) })
  }

  async function kill(): Promise<void> {
    await server?.kill()
  }

  await start()
  onTestFinished(async () => {
    await kill()
    rmSync(folder, { recursive: true })
  })
  return { url: `redis://127.0.0.1:${port}`, port, start, kill }
}

const SLOTS = 16_384
const CLUSTER_IS_WHOLE = /cluster_state:ok[^]*cluster_known_nodes:3/

/** The ports of three servers that make up a Redis Cluster. */
export async function startCluster(): Promise<number[]> {
  const servers = await Promise.all(
    [0, 1, 2].map(async () => startRedis('--cluster-enabled', 'yes', '--cluster-port', String(await freePort()))),
  )
  const ports = servers.map(({ port }) => port)
  const nodes = ports.map((port) => new Redis(port, '127.0.0.1'))
  const [first] = nodes
  for (const [index, node] of nodes.entries()) {
    const from = Math.ceil((SLOTS * index) / nodes.length)
    const to = Math.ceil((SLOTS * (index + 1)) / nodes.length) - 1
    await node.call('CLUSTER', 'ADDSLOTSRANGE', from, to)
    const [, , bus] = /:(\d+)@(\d+)/.exec(String(await node.call('CLUSTER', 'NODES'))) ?? []
    await first?.call('CLUSTER', 'MEET', '127.0.0.1', ports[index] ?? 0, bus ?? 0)
  }
  for (const node of nodes) {
    const info = async () => expect(String(await node.call('CLUSTER', 'INFO'))).toMatch(CLUSTER_IS_WHOLE)
    await vi.waitFor(info, PATIENCE)
    node.disconnect()
  }
  return ports
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

async function answers(url: string): Promise<boolean> {
  const probe = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0, connectTimeout: 10_000 })
  probe.on('error', () => {})
  try {
    await probe.ping()
    return true
  } catch {
    return false
  } finally {
    probe.disconnect()
  }
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
