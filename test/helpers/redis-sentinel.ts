import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from './ports.ts'
import { answers, runRedis, until } from './redis-servers.ts'
import { startServer } from './server-process.ts'

const NAME = 'luma'

/** A master, a replica, and a Sentinel that knows them by a name. */
export interface RunningSentinel {
  name: string
  port: number
  /** Ends the master as soon as its replica knows all that it has answered, and makes the replica the master. */
  failOver(): Promise<void>
  close(): Promise<void>
}

export async function runSentinel(): Promise<RunningSentinel> {
  const master = await runRedis()
  const replica = await runRedis('--replicaof', `127.0.0.1 ${master.port}`)
  const folder = mkdtempSync(join(tmpdir(), 'luma-sentinel-'))
  const port = await freePort()
  const file = join(folder, 'sentinel.conf')
  // It fails over when it is told to, and not because a busy machine stands still.
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${master.port} 1`,
  ]
  writeFileSync(file, [...lines, `sentinel down-after-milliseconds ${NAME} 600000`, ''].join('\n'))
  const server = await startServer('redis-server', [file, '--sentinel'], { answers: () => answers({ port }) })
  const connect = (to: number): Redis => {
    const redis = new Redis(to)
    redis.on('error', () => {})
    return redis
  }
  const [atMaster, atReplica, sentinel] = [connect(master.port), connect(replica.port), connect(port)]
  await until(async () => /master_link_status:up/.test(await atReplica.info('replication')))
  await until(async () =>
    JSON.stringify(await sentinel.call('SENTINEL', 'REPLICAS', NAME)).includes(String(replica.port)),
  )

  async function offsetOf(redis: Redis): Promise<string | undefined> {
    const info = await redis.info('replication')
    return (/^slave_repl_offset:(\d+)/m.exec(info) ?? /^master_repl_offset:(\d+)/m.exec(info))?.[1]
  }

  return {
    name: NAME,
    port,
    async failOver() {
      await atMaster.call('CLIENT', 'PAUSE', '600000', 'WRITE')
      await until(async () => (await offsetOf(atMaster)) === (await offsetOf(atReplica)))
      atMaster.disconnect()
      await master.kill()
      await sentinel.call('SENTINEL', 'FAILOVER', NAME)
      const leader = async () => String(await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME))
      await until(async () => (await leader()).includes(String(replica.port)))
    },
    async close() {
      for (const one of [atMaster, atReplica, sentinel]) one.disconnect()
      await server.kill()
      await Promise.all([master.close(), replica.close()])
      rmSync(folder, { recursive: true })
    },
  }
}
