import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { startChild } from '../helpers/child.ts'
import { freePort } from '../helpers/ports.ts'
import { hasPostgresServer, postgresServerReason, startPostgres } from '../helpers/postgres.ts'
import { hasRedisServer, redisServerReason, startRedis } from '../helpers/redis.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'
import { post } from '../helpers/wire.ts'
import { PATIENCE } from '../helpers/patience.ts'

for (const [name, has, reason, start] of [
  ['Redis', hasRedisServer, redisServerReason, startRedis],
  ['Postgres', hasPostgresServer, postgresServerReason, startPostgres],
] as const) {
  describe.skipIf(!has)(`examples/cluster on ${name}${reason}`, () => {
    test('three receivers behind one port do each callback once; one that is killed is replaced', async () => {
      const { url } = await start()
      const env = { LUMA_INBOX: url, LUMA_WEBHOOK_KEY: SECRET, PORT: String(await freePort()) }
      const cluster = startChild('examples/cluster/server.js', [], env)
      // Its receivers outlive a killed primary by a moment.
      onTestFinished(() => void cluster.process.kill('SIGTERM'))
      const listening = (): RegExpExecArray[] => [...cluster.output().matchAll(/(\d+): listening on (\S+)/g)]
      await vi.waitFor(() => expect(listening()).toHaveLength(3), PATIENCE)
      const [, pid = '', address = ''] = listening()[0] ?? []

      const taskIds = Array.from({ length: 30 }, (_, index) => `task-${index}`)
      /** Comes again after a 503, as the provider does. */
      const send = (taskId: string) =>
        vi.waitFor(async () => {
          const answer = await post(address, successOf(taskId).body, signedHeaders(taskId))
          expect(answer).toMatchObject({ status: 200 })
        }, PATIENCE)
      await Promise.all([...taskIds, ...taskIds.slice(0, 10)].map(send))
      await vi.waitFor(() => {
        const done = [...cluster.output().matchAll(/task (task-\d+) succeeded/g)].map(([, taskId = '']) => taskId)
        expect(done.toSorted()).toEqual(taskIds.toSorted())
      }, PATIENCE)

      process.kill(Number(pid), 'SIGKILL')
      await vi.waitFor(() => expect(listening()).toHaveLength(4), PATIENCE)
      await send('after')
      await cluster.says(/task after succeeded/)
      cluster.process.kill('SIGTERM')
      expect(await cluster.ended).toBe(0)
      // The password of an inbox is nothing for a log.
      expect(cluster.output()).toContain('receivers share an inbox')
    })
  })
}
