import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Redis, type RedisOptions as AllOptions } from 'ioredis'
import { PATIENCE, START } from './patience.ts'
import { freePort } from './ports.ts'
import { startServer, type ServerProcess } from './server-process.ts'

/** How a server is reached. */
export type Access = Pick<AllOptions, 'username' | 'password' | 'tls'>

/** A Redis that was started here. */
export interface RedisServer {
  url: string
  port: number
  /** Starts it again, with the data that it had written. */
  start(): Promise<void>
  kill(): Promise<void>
  /** Kills it and removes its data. */
  close(): Promise<void>
}

/** Starts a server, with an append-only file that is synced at each write; `more` are options of redis-server. */
export async function runRedis(...more: string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'luma-redis-'))
  const port = await freePort()
  const kept = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']
  const options = [...kept, '--repl-diskless-sync-delay', '0', '--dir', folder, ...more]
  const listen = more.includes('--tls-cert-file') ? ['--port', '0', '--tls-port'] : ['--port']
  const args = [...listen, String(port), '--bind', '127.0.0.1', ...options]
  const tls = more.includes('--tls-cert-file') ? { tls: { rejectUnauthorized: false } } : {}
  let server: ServerProcess | undefined

  async function start(): Promise<void> {
    server = await startServer('redis-server', args, { answers: () => answers({ port, ...tls }) })
  }

  async function kill(): Promise<void> {
    await server?.kill()
  }

  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    start,
    kill,
    async close() {
      await kill()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Whether there is a server; one that wants a password is there too. */
export async function answers(at: string | (Access & { port: number })): Promise<boolean> {
  const options = {
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 10_000,
    enableReadyCheck: false,
  }
  const probe = typeof at === 'string' ? new Redis(at, options) : new Redis({ ...at, ...options })
  probe.on('error', () => {})
  try {
    await probe.ping()
    return true
  } catch (error) {
    return /NOAUTH/.test((error as Error).message)
  } finally {
    probe.disconnect()
  }
}

/** Waits for what a server says of itself. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const latest = performance.now() + START
  while (!(await holds())) {
    if (performance.now() > latest) throw new Error(`it did not hold within ${START} ms: ${holds.toString()}`)
    await sleep(PATIENCE.interval)
  }
}

const SLOTS = 16_384

export interface ClusterSettings {
  masters?: number
  /** Whether each master has one. */
  hasReplicas?: boolean
  /** Options of redis-server, for all of them. */
  args?: readonly string[]
  /** How they are reached. */
  access?: Access
}

export const PASSWORD = 'hush'
/** Servers that ask for a password. */
export const WITH_PASSWORD = {
  args: ['--requirepass', PASSWORD, '--masterauth', PASSWORD],
  access: { password: PASSWORD },
} satisfies ClusterSettings

const certificate = (ending: string): string =>
  fileURLToPath(new URL(`../fixtures/tls/localhost.${ending}`, import.meta.url))
/** Servers that are reached by TLS alone. */
export const WITH_TLS = {
  args: [
    ['--tls-cluster', 'yes'],
    ['--tls-replication', 'yes'],
    ['--tls-auth-clients', 'no'],
    ['--tls-cert-file', certificate('crt')],
    ['--tls-key-file', certificate('key')],
    ['--tls-ca-cert-file', certificate('crt')],
  ].flat(),
  access: { tls: { rejectUnauthorized: false } },
} satisfies ClusterSettings

/** A Redis Cluster that was started here. */
export interface RunningCluster {
  masters: readonly number[]
  replicas: readonly number[]
  close(): Promise<void>
}

/** Starts a Redis Cluster: the masters share the slots. */
export async function runCluster({
  masters: count = 3,
  hasReplicas = false,
  args = [],
  access = {},
}: ClusterSettings = {}): Promise<RunningCluster> {
  const wanted = hasReplicas ? 2 * count : count
  const servers = await Promise.all(
    Array.from({ length: wanted }, async () =>
      runRedis('--cluster-enabled', 'yes', '--cluster-port', String(await freePort()), ...args),
    ),
  )
  const ports = servers.map(({ port }) => port)
  const nodes = ports.map((port) => new Redis({ port, ...access }))
  const [first] = nodes
  const told = async (node: Redis, what: string) => String(await node.call('CLUSTER', what))
  for (const [index, node] of nodes.entries()) {
    const from = Math.ceil((SLOTS * index) / count)
    const to = Math.ceil((SLOTS * (index + 1)) / count) - 1
    if (index < count) await node.call('CLUSTER', 'ADDSLOTSRANGE', from, to)
    const [, , bus] = /:(\d+)@(\d+)/.exec(await told(node, 'NODES')) ?? []
    await first?.call('CLUSTER', 'MEET', '127.0.0.1', ports[index] ?? 0, bus ?? 0)
  }
  const isWhole = new RegExp(`cluster_state:ok[^]*cluster_known_nodes:${wanted}\\b`)
  for (const node of nodes) await until(async () => isWhole.test(await told(node, 'INFO')))
  for (const [index, node] of nodes.entries()) {
    if (index < count) continue
    await node.call('CLUSTER', 'REPLICATE', (await told(nodes[index - count]!, 'MYID')).trim())
    await until(async () => /master_link_status:up/.test(await node.info('replication')))
  }
  // A client asks any of them where the slots are; a replica that was never sent anything is not told.
  const replicas = ports.slice(count)
  for (const node of hasReplicas ? nodes.slice(0, count) : []) await node.flushall()
  for (const node of nodes) {
    await until(async () => {
      const slots = JSON.stringify(await node.call('CLUSTER', 'SLOTS'))
      return replicas.every((port) => slots.includes(String(port)))
    })
  }
  for (const node of nodes) node.disconnect()
  return {
    masters: ports.slice(0, count),
    replicas,
    close: async () => void (await Promise.all(servers.map((server) => server.close()))),
  }
}
