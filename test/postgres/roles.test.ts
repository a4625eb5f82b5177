// The rights that the readme asks for, by its own lines, are all that a role needs.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { PATIENCE } from '../helpers/patience.ts'
import { hasPostgres, openPostgresInbox, postgresNamespace, postgresReason } from '../helpers/postgres.ts'
import { expectToWork } from './whole-way.ts'

const readme = readFileSync(join(ROOT, 'packages/postgres/README.md'), 'utf8')
const [makesSchema = '', usesSchema = '', rowsAlone = ''] = [...readme.matchAll(/^```sql\n([\s\S]*?)^```$/gm)].map(
  ([, lines]) => lines ?? '',
)

describe.skipIf(!hasPostgres)(`a role of Postgres${postgresReason}`, () => {
  /** A database of the test's own, in which a role of its own may connect, and nothing else. */
  async function setUp() {
    const { url, schema: name } = await postgresNamespace()
    const server = new pg.Client(url)
    await server.connect()
    await server.query(`CREATE DATABASE ${name}`)
    await server.query(`CREATE ROLE ${name} LOGIN; REVOKE ALL ON DATABASE ${name} FROM PUBLIC`)
    await server.query(`GRANT CONNECT ON DATABASE ${name} TO ${name}`)
    const owners = new URL(url)
    owners.pathname = `/${name}`
    const owner = new pg.Client(owners.href)
    await owner.connect()
    await owner.query('REVOKE ALL ON SCHEMA public FROM PUBLIC')
    onTestFinished(async () => {
      await owner.end()
      await server.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await server.query(`DROP ROLE ${name}`)
      await server.end()
    })
    const roles = new URL(owners)
    roles.username = name
    roles.password = ''
    return {
      url: roles.href,
      ownersUrl: owners.href,
      allow: (lines: string) => owner.query(lines.replaceAll('shop', name).replaceAll('TO app', `TO ${name}`)),
    }
  }

  test.each([
    ['may make schemas', makesSchema],
    ['may use a schema of another’s', usesSchema],
  ])('that %s can do all else, and until then is told what it may not', async (_name, lines) => {
    const { url, allow } = await setUp()
    const early = openPostgresInbox(url)
    const { runs, events } = await startInbox(early)
    const denied = { message: expect.stringContaining('permission denied') }
    expect(events).toMatchObject([{ type: 'error', error: denied }])
    await expect(early.record(callbackOf('early'))).rejects.toMatchObject(denied)
    await allow(lines)
    expect(await early.record(callbackOf('early'))).toBe('recorded')
    await vi.waitFor(() => expect(runs).toEqual(['early']), PATIENCE)
    await early.close()
    await expectToWork(url, 'luma')
  })

  test('that may do no more than read and write the rows of another’s tables can do all else', async () => {
    const { url, ownersUrl, allow } = await setUp()
    // The dedupe store's table too.
    await expectToWork(ownersUrl, 'luma', 'before')
    await allow(rowsAlone)
    await expectToWork(url, 'luma', 'after')
  })
})
