import { setTimeout as sleep } from 'node:timers/promises'
import { redisDedupe, redisInbox } from '@luma-callback/redis'
import * as six from 'ioredis'
import * as five from 'ioredis5'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { PATIENCE } from '../helpers/patience.ts'
import { hasRedisServer, redisServerReason, startCluster } from '../helpers/redis.ts'
import { PASSWORD, until, WITH_PASSWORD, WITH_TLS } from '../helpers/redis-servers.ts'

/** What either of them takes. */
type Options = five.ClusterOptions

describe.skipIf(!hasRedisServer).each([
  ['ioredis 6', six.Cluster],
  ['ioredis 5', five.Cluster as unknown as typeof six.Cluster],
])(`on a Redis Cluster, by %s${redisServerReason}`, (_name, Cluster) => {
  function connect(startup: six.ClusterNode, options: Options = {}): six.Cluster {
    const connection = new Cluster([startup], options as object)
    // A connection that cannot get through says so to the one that owns it.
    connection.on('error', () => {})
    onTestFinished(() => connection.disconnect())
    return connection
  }

  /** Takes callbacks in through a connection like this one, each twice, and sees that each is done once. */
  async function use(connection: six.Cluster, count = 10): Promise<void> {
    const inbox = redisInbox(connection, { timeout: PATIENCE.timeout })
    onTestFinished(() => inbox.close({ timeout: 0 }))
    const { events, runs } = await startInbox(inbox)
    const ids = Array.from({ length: count }, (_, index) => `task-${index}`)
    for (const id of ids) expect(await inbox.record(callbackOf(id))).toBe('recorded')
    await vi.waitFor(() => expect(events.filter(({ type }) => type === 'delivered')).toHaveLength(count), PATIENCE)
    for (const id of ids) expect(await inbox.record(callbackOf(id))).toBe('duplicate')
    expect(await inbox.stats()).toMatchObject({ pending: 0, running: 0, done: count })
    expect(runs).toHaveLength(count)
    await inbox.close()

    const dedupe = redisDedupe(connection, { timeout: PATIENCE.timeout, prefix: 'luma' })
    onTestFinished(() => dedupe.close())
    expect(await dedupe.claim({ key: 'a', holder: 'me', lease: 60_000, digest: 'digest' })).toBe('claimed')
    expect(await dedupe.claim({ key: 'a', holder: 'you', lease: 60_000, digest: 'digest' })).toBe('held')
    await dedupe.close()
  }

  test('the inbox works and can be looked into', async () => {
    const { masters } = await startCluster()
    const inbox = redisInbox(connect({ host: '127.0.0.1', port: masters[0]! }), { timeout: PATIENCE.timeout })
    onTestFinished(() => inbox.close({ timeout: 0 }))
    const { events } = await startInbox(inbox, async ({ taskId }) => {
      if (taskId === 'task-0') throw new Error('no')
    })
    const ids = Array.from({ length: 30 }, (_, index) => `task-${index}`)
    const now = Date.now()
    const record = (id: string, index: number) => inbox.record(callbackOf(id, new Date(now + index)))
    expect(new Set(await Promise.all(ids.map(record)))).toEqual(new Set(['recorded']))
    expect(await record('task-1', 1)).toBe('duplicate')
    const ended = () => events.filter(({ type }) => type === 'delivered' || type === 'dead')
    await vi.waitFor(() => expect(ended()).toHaveLength(30), PATIENCE)
    expect(await inbox.stats()).toMatchObject({ done: 29, dead: 1, seen: 30 })
    const { entries } = await inbox.list()
    expect(entries.map(({ taskId }) => taskId)).toEqual(ids.toReversed())
    expect(await inbox.requeue('task-0:success')).toBe(1)
    expect(await inbox.purge()).toBe(29)
  })

  test('nothing that decides is read from a replica, whatever "scaleReads" says', async () => {
    const { masters, replicas } = await startCluster({ ...WITH_PASSWORD, hasReplicas: true })
    // From now on they hear of nothing.
    for (const port of replicas) {
      const replica = new six.Redis({ port, password: PASSWORD })
      await replica.config('SET', 'masterauth', 'wrong')
      const isBehind = async () => /master_link_status:down/.test(await replica.info('replication'))
      for (const master of masters) {
        const admin = new six.Redis({ port: master, password: PASSWORD })
        await admin.call('CLIENT', 'KILL', 'TYPE', 'replica')
        admin.disconnect()
      }
      await until(isBehind)
      replica.disconnect()
    }
    const chosen: unknown[] = []
    for (const scaleReads of ['slave', 'all', (nodes: unknown[]) => (chosen.push(nodes), nodes.at(-1))] as const) {
      const options = { scaleReads, redisOptions: { password: PASSWORD } } as Options
      const connection = connect({ host: '127.0.0.1', port: masters[0]! }, options)
      await use(connection)
      for (const port of masters) {
        const admin = new six.Redis({ port, password: PASSWORD })
        await admin.flushall()
        admin.disconnect()
      }
    }
    expect(chosen).toEqual([])
  })

  test('with a user and a password it works, where each node is reached by another name and address', async () => {
    const user = ['--user', 'luma', 'on', '>secret', '~*', '+@all']
    const { masters } = await startCluster({ args: [...user, ...WITH_PASSWORD.args], access: WITH_PASSWORD.access })
    const [first = 0] = masters
    // The ports that the nodes tell lead nowhere.
    const away = (port: number): number => port + 30_000
    for (const port of masters) {
      const admin = new six.Redis({ port, password: PASSWORD })
      await admin.config('SET', 'cluster-announce-port', String(away(port)))
      admin.disconnect()
    }
    for (const port of masters) {
      const admin = new six.Redis({ port, password: PASSWORD })
      await until(async () => {
        const told = String(await admin.call('CLUSTER', 'NODES'))
        return masters.every((one) => told.includes(`127.0.0.1:${away(one)}@`))
      })
      admin.disconnect()
    }
    const asked: string[] = []
    const options: Options = {
      redisOptions: { username: 'luma', password: 'secret' },
      natMap: Object.fromEntries(masters.map((port) => [`127.0.0.1:${away(port)}`, { host: '127.0.0.1', port }])),
      dnsLookup(hostname, answer) {
        asked.push(hostname)
        answer(null, '127.0.0.1')
      },
      lazyConnect: true,
      enableAutoPipelining: true,
    }
    await use(connect({ host: 'redis.test', port: first }, options))
    expect(new Set(asked)).toEqual(new Set(['redis.test']))
  })

  test('by TLS, it works', async () => {
    const { access } = WITH_TLS
    const { masters } = await startCluster({ masters: 1, ...WITH_TLS })
    await use(
      connect(
        { host: '127.0.0.1', port: masters[0]! },
        { redisOptions: access, dnsLookup: (host, answer) => answer(null, host) },
      ),
    )
  })

  test('it comes back by itself where the connection that was given would not', async () => {
    const { masters } = await startCluster({ masters: 1 })
    const options = { clusterRetryStrategy: () => null } as unknown as Options
    const inbox = redisInbox(connect({ host: '127.0.0.1', port: masters[0]! }, options), { timeout: PATIENCE.timeout })
    onTestFinished(() => inbox.close({ timeout: 0 }))
    const { runs } = await startInbox(inbox)
    await inbox.record(callbackOf('before'))
    const admin = new six.Redis({ port: masters[0]! })
    onTestFinished(() => admin.disconnect())
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await sleep(100)
    await vi.waitFor(() => inbox.record(callbackOf('after')), PATIENCE)
    await vi.waitFor(() => expect(runs.toSorted()).toEqual(['after', 'before']), PATIENCE)
  })
})
