// What src/undocumented.ts says of pg-boss, seen in the pg-boss that is installed; and that no other file relies on more.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { describe, expect, onTestFinished, test } from 'vitest'
import { LASTING_JOB } from '../../packages/postgres/src/undocumented.ts'
import { ROOT } from '../helpers/child.ts'
import { hasPostgres, postgresNamespace, postgresReason } from '../helpers/postgres.ts'

const FOLDER = join(ROOT, 'packages/postgres')
const QUEUE = 'any'

test('no other file writes to a table of pg-boss', () => {
  const files = readdirSync(join(FOLDER, 'src')).filter((name) => name !== 'undocumented.ts')
  expect(files.length).toBeGreaterThan(10)
  for (const name of files) {
    const source = readFileSync(join(FOLDER, 'src', name), 'utf8')
    expect(source, name).not.toMatch(/(?:UPDATE|INTO|DELETE FROM) \$\{schema\}\.(?!seen\b)/)
  }
})

test('the version of pg-boss is exact, and the one that the tests run on', () => {
  const versionIn = (path: string): unknown => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Record<
      string,
      Record<string, string> | undefined
    >
    return { ...devDependencies, ...dependencies }['pg-boss']
  }
  expect(versionIn('packages/postgres/package.json')).toMatch(/^\d+\.\d+\.\d+$/)
  expect(versionIn('test/package.json')).toBe(versionIn('packages/postgres/package.json'))
})

describe.skipIf(!hasPostgres)(`the pg-boss that is installed${postgresReason}`, () => {
  async function start(): Promise<{ boss: PgBoss; ask: (text: string) => Promise<unknown[]> }> {
    const { url, schema, tearDown } = await postgresNamespace()
    const boss = new PgBoss({ connectionString: url, schema, supervise: false, schedule: false })
    boss.on('error', () => {})
    await boss.start()
    await boss.createQueue(QUEUE)
    const client = new pg.Client(url)
    await client.connect()
    onTestFinished(async () => {
      await boss.stop({ graceful: false })
      await client.end()
      await tearDown()
    })
    return { boss, ask: async (text) => (await client.query(text.replaceAll('job', `${schema}.job`))).rows }
  }

  test('takes a job that may run for ever, and has no heartbeat', async () => {
    const { boss } = await start()
    await boss.insert(QUEUE, [{ data: {}, ...LASTING_JOB }])
    const [job] = await boss.fetch(QUEUE, { includeMetadata: true })
    expect(job).toMatchObject({ expireInSeconds: LASTING_JOB.expireInSeconds, heartbeatSeconds: null, retryCount: 0 })
    expect(job?.heartbeatOn).toBeInstanceOf(Date)
  })

  test('tells which of many jobs it changed, and counts claims', async () => {
    const { boss, ask } = await start()
    await boss.insert(QUEUE, [
      { data: {}, ...LASTING_JOB },
      { data: {}, ...LASTING_JOB },
    ])
    const jobs = await boss.fetch(QUEUE, { includeMetadata: true, batchSize: 2 })
    const [kept, lost] = jobs.map(({ id, retryCount }) => ({ id, retryCount }))
    if (!kept || !lost) throw new Error('there are not two jobs')
    // Failed by somebody else, and claimed again.
    await boss.fail(QUEUE, lost.id)
    await ask(`UPDATE job SET start_after = now()`)
    const [again] = await boss.fetch(QUEUE, { includeMetadata: true })
    expect(again).toMatchObject({ id: lost.id, retryCount: 1 })
    for (const call of ['touch', 'complete'] as const) {
      expect(await boss[call](QUEUE, [kept, lost])).toMatchObject({ settled: [kept.id] })
    }
    expect(await boss.fail(QUEUE, [kept, { id: lost.id, retryCount: 1 }])).toMatchObject({ settled: [lost.id] })
  })
})
