import type { RedisConnection } from '@luma-callback/redis'
import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5 } from 'ioredis5'
import { RIGHTS } from '../../../packages/redis/src/rights.ts'
import { runSentinel } from '../../helpers/redis-sentinel.ts'
import {
  PASSWORD,
  runCluster,
  runRedis,
  until,
  WITH_PASSWORD,
  WITH_TLS,
  type ClusterSettings,
  type RedisServer,
} from '../../helpers/redis-servers.ts'

/** A way to run Redis. */
export interface Setup {
  name: string
  start(): Promise<Running>
  /** Whether callbacks may be refused until Redis is back; the provider comes again. */
  mayRefuse?: boolean
}

export interface Running {
  connection: RedisConnection
  /** Begun while callbacks come in. */
  trouble?: () => Promise<void>
  close(): Promise<void>
}

export const setups: readonly Setup[] = [
  { name: 'one server', start: () => onOne(({ url }) => url) },
  {
    name: 'one server with a password',
    start: () => onOne(({ port }) => `redis://:${PASSWORD}@127.0.0.1:${port}`, '--requirepass', PASSWORD),
  },
  { name: 'a user with the documented rights', start: () => asUser(`~{luma}* -@all ${RIGHTS}`) },
  { name: 'a user without dangerous commands', start: () => asUser('~* +@all -@dangerous') },
  { name: 'one server, SCRIPT FLUSH all the time', start: onForgetful },
  { name: 'Sentinel, a failover', start: bySentinel, mayRefuse: true },
  { name: 'Cluster', start: () => onCluster({}) },
  ...[Cluster, Cluster5 as unknown as typeof Cluster].map((Client, index) => ({
    name: `Cluster with a password, scaleReads slave, ioredis ${6 - index}`,
    start: () => onCluster({ ...WITH_PASSWORD, hasReplicas: true }, Client),
  })),
  { name: 'Cluster, a user with the documented rights', start: onClusterAsUser },
  {
    name: 'Cluster, a failover',
    start: async () => {
      const running = await onCluster({ hasReplicas: true })
      return { ...running, trouble: () => promote(running.replicas) }
    },
    mayRefuse: true,
  },
  { name: 'Cluster by TLS', start: () => onCluster({ ...WITH_TLS, masters: 1 }) },
]

async function onOne(connectionTo: (server: RedisServer) => string, ...args: string[]): Promise<Running> {
  const server = await runRedis(...args)
  return { connection: connectionTo(server), close: server.close }
}

async function asUser(rules: string): Promise<Running> {
  const server = await runRedis()
  await makeUser(server.port, rules)
  return { connection: server.url.replace('//', '//luma:secret@'), close: server.close }
}

async function makeUser(port: number, rules: string): Promise<void> {
  const admin = new Redis(port)
  await admin.call('ACL', 'SETUSER', 'luma', 'on', '>secret', ...rules.split(' '))
  admin.disconnect()
}

async function onForgetful(): Promise<Running> {
  const server = await runRedis()
  const admin = new Redis(server.url)
  const isOver = new AbortController()
  let flushing = Promise.resolve()
  const flush = async (): Promise<void> => {
    while (!isOver.signal.aborted) await admin.call('SCRIPT', 'FLUSH')
  }
  return {
    connection: server.url,
    trouble: async () => {
      flushing = flush()
    },
    async close() {
      isOver.abort()
      await flushing
      admin.disconnect()
      await server.close()
    },
  }
}

async function bySentinel(): Promise<Running> {
  const { name, port, failOver, close } = await runSentinel()
  // One that reads from replicas; what is copied of it does not.
  const connection = new Redis({ sentinels: [{ host: '127.0.0.1', port }], name, role: 'slave', lazyConnect: true })
  return { connection, trouble: failOver, close }
}

async function onCluster(
  settings: ClusterSettings,
  Client = Cluster,
): Promise<Running & { replicas: readonly number[] }> {
  const { masters, replicas, close } = await runCluster(settings)
  const startup = [{ host: '127.0.0.1', port: masters[0]! }]
  const connection = new Client(startup, {
    lazyConnect: true,
    ...(settings.hasReplicas && { scaleReads: 'slave' }),
    ...(settings.access && { redisOptions: settings.access }),
  } as object)
  return { connection, replicas, close }
}

async function onClusterAsUser(): Promise<Running> {
  const { masters, close } = await runCluster()
  const rights = `~{luma}* -@all ${RIGHTS} +cluster|slots +cluster|info +asking`
  for (const port of masters) await makeUser(port, rights)
  const startup = masters.map((port) => ({ host: '127.0.0.1', port }))
  const redisOptions = { username: 'luma', password: 'secret' }
  return { connection: new Cluster(startup, { lazyConnect: true, redisOptions }), close }
}

/** Each replica becomes the master of its slots. */
async function promote(replicas: readonly number[]): Promise<void> {
  for (const port of replicas) {
    const replica = new Redis(port)
    await replica.call('CLUSTER', 'FAILOVER')
    await until(async () => /^role:master/m.test(await replica.info('replication')))
    replica.disconnect()
  }
}
