import { UnrecoverableError, type DurableInbox } from '@luma-callback/core'
import { postgresInbox } from '@luma-callback/postgres'
import { redisInbox } from '@luma-callback/redis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { run as runOnce, type Ended, type RunOptions } from '../helpers/cli.ts'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { hasPostgres, postgresNamespace, postgresReason } from '../helpers/postgres.ts'
import { hasRedis, redisNamespace, redisReason } from '../helpers/redis.ts'
import { PATIENCE } from '../helpers/patience.ts'

/** The command line gives an engine two seconds; on a machine that is too slow for that it is called again. */
async function run(args: readonly string[], options?: RunOptions): Promise<Ended> {
  for (;;) {
    const ended = await runOnce(args, options)
    if (!ended.stderr.includes('no answer within')) return ended
  }
}

interface Place {
  inbox: DurableInbox
  /** What names it on the command line. */
  options: readonly string[]
  url: string
}

async function onRedis(): Promise<Place> {
  const { url, prefix, tearDown } = await redisNamespace()
  onTestFinished(tearDown)
  return {
    inbox: redisInbox(url, { prefix, timeout: PATIENCE.timeout }),
    options: ['--redis', url, '--prefix', prefix],
    url,
  }
}

async function onPostgres(): Promise<Place> {
  const { url, schema, tearDown } = await postgresNamespace()
  onTestFinished(tearDown)
  return {
    inbox: postgresInbox(url, { schema, timeout: PATIENCE.timeout }),
    options: ['--postgres', url, '--schema', schema],
    url,
  }
}

for (const [name, has, reason, place] of [
  ['Redis', hasRedis, redisReason, onRedis],
  ['Postgres', hasPostgres, postgresReason, onPostgres],
] as const) {
  describe.skipIf(!has)(`an inbox on ${name}${reason}`, () => {
    test('is looked into, and its dead callbacks are requeued, while a receiver works', async () => {
      const { inbox, options } = await place()
      onTestFinished(() => inbox.close({ timeout: 0 }))
      let isMended = false
      const { events } = await startInbox(inbox, async ({ taskId }) => {
        if (taskId === 'bad' && !isMended) throw new UnrecoverableError('no such order')
      })
      await inbox.record(callbackOf('good'))
      await inbox.record(callbackOf('bad'))
      await vi.waitFor(() => expect(events.map(({ type }) => type).toSorted()).toEqual(['dead', 'delivered']), PATIENCE)

      const listed = await run(['inbox', 'list', ...options])
      expect(listed).toMatchObject({ code: 0, stderr: '' })
      expect(listed.stdout).toMatch(/dead +bad:success .*no such order/)
      expect(listed.stdout).toMatch(/done +good:success/)
      const shown = await run(['inbox', 'show', 'bad:success', ...options, '--json'])
      expect(JSON.parse(shown.stdout)).toMatchObject({ key: 'bad:success', state: 'dead', attempts: 1 })
      const counted = await run(['inbox', 'stats', ...options, '--json'])
      expect(JSON.parse(counted.stdout)).toEqual({ pending: 0, running: 0, done: 1, dead: 1, seen: 2 })

      isMended = true
      expect(await run(['inbox', 'requeue', '--all', ...options])).toMatchObject({
        code: 0,
        stdout: '1 callback pending again\n',
      })
      await vi.waitFor(() => expect(events.filter(({ type }) => type === 'delivered')).toHaveLength(2), PATIENCE)
      expect((await run(['inbox', 'purge', ...options])).stdout).toMatch(/^the content of 2 callbacks/)
      expect((await run(['inbox', 'list', ...options])).stdout).toBe('nothing is kept here\n')
    })

    test('can be named in the environment', async () => {
      const { url, options, inbox } = await place()
      await inbox.close()
      const { code, stdout, stderr } = await run(['inbox', 'stats', ...options.slice(2)], { env: { LUMA_INBOX: url } })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toContain('dead')
    })
  })
}

test('one that is not there is said in a line, without the password', async () => {
  for (const [option, url] of [
    ['--redis', 'redis://:hidden@127.0.0.1:1'],
    ['--postgres', 'postgres://user:hidden@127.0.0.1:1/shop'],
  ] as const) {
    const { code, stdout, stderr } = await run(['inbox', 'list', option, url])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(
      /^error: the inbox on (?:Redis|Postgres) could not be asked for a list: connect ECONNREFUSED 127.0.0.1:1\n$/,
    )
  }
})
