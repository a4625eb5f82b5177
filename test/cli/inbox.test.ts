import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createHandler, UnrecoverableError, type LumaHandler } from '@luma-callback/core'
import { sqliteInbox } from '@luma-callback/sqlite'
import { sampleCallback } from '@luma-callback/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { run } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/inboxes.ts'
import { PATIENCE } from '../helpers/patience.ts'

interface Receiver {
  file: string
  sqlite: readonly string[]
  handler: LumaHandler
  /** Task ids, as their hooks ran. */
  runs: string[]
  /** What a hook does with a task whose id begins with `bad`. */
  isBroken: boolean
}

/** A receiver with an inbox in a file, which has taken callbacks for these tasks. */
async function startWith(taskIds: readonly string[], error = 'no such order'): Promise<Receiver> {
  const file = join(temporaryFolder(), 'luma.db')
  const runs: string[] = []
  const inbox = sqliteInbox(file, { pollInterval: 50, busyTimeout: PATIENCE.timeout })
  const receiver: Receiver = {
    file,
    sqlite: ['--sqlite', file],
    runs,
    isBroken: true,
    handler: createHandler({
      onSuccess({ taskId }) {
        runs.push(taskId)
        if (receiver.isBroken && taskId.startsWith('bad')) throw new UnrecoverableError(error)
      },
      verify: () => true,
      inbox,
      observe: () => {},
    }),
  }
  onTestFinished(() => receiver.handler.close({ timeout: 0 }))
  await receiver.handler.start()
  for (const taskId of taskIds) {
    const { raw } = sampleCallback({ taskId })
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', url: '/?order=17', headers, rawBody: raw }
    expect(await receiver.handler.handle(request)).toMatchObject({ status: 200 })
  }
  await expect.poll(() => runs.length).toBe(taskIds.length)
  await expect.poll(async () => (await inbox.stats()).running).toBe(0)
  return receiver
}

async function json({ sqlite }: Receiver, ...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run(['inbox', ...args, ...sqlite, '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as Record<string, unknown>
}

describe('list', () => {
  test('shows each callback in a line, with what matters in its state', async () => {
    const { sqlite } = await startWith(['good-1', 'bad-1'])
    const { code, stdout } = await run(['inbox', 'list', ...sqlite])
    expect(code).toBe(0)
    const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`
    expect(stdout).toMatch(/^STATE {2}KEY {13}RECEIVED {13}RUNS\n/)
    expect(stdout).toMatch(
      new RegExp(
        `^dead   bad-1:success   ${time}  1 run  \\[ERR_LUMA_UNRECOVERABLE\\] UnrecoverableError: no such order$`,
        'm',
      ),
    )
    expect(stdout).toMatch(new RegExp(`^done   good-1:success  ${time}  1 run  done ${time}$`, 'm'))
  })

  test('shows one state, a page at a time', async () => {
    const receiver = await startWith(['good-1', 'good-2', 'good-3', 'bad-1'])
    const keys = (page: Record<string, unknown>) => (page['entries'] as { key: string }[]).map(({ key }) => key)
    const first = await json(receiver, 'list', '--state', 'done', '--limit', '2')
    const second = await json(receiver, 'list', '--state', 'done', '--limit', '2', '--cursor', String(first['cursor']))
    expect([...keys(first), ...keys(second)].toSorted()).toEqual(['good-1:success', 'good-2:success', 'good-3:success'])
    expect(second).not.toHaveProperty('cursor')
    const { stderr } = await run(['inbox', 'list', '--limit', '1', ...receiver.sqlite])
    expect(stderr).toMatch(/^hint: there are more: --cursor \S+\n$/)
  })

  test('says that there is nothing', async () => {
    const { sqlite } = await startWith([])
    expect(await run(['inbox', 'list', ...sqlite])).toMatchObject({ code: 0, stdout: 'nothing is kept here\n' })
    expect(await run(['inbox', 'list', '--state', 'dead', ...sqlite])).toMatchObject({ stdout: 'nothing is dead\n' })
  })

  test('can be forged by no task id and no error', async () => {
    const { sqlite } = await startWith(['bad\u202E-1'], 'a\n\u001B[2Jdone   forged')
    const { stdout } = await run(['inbox', 'list', ...sqlite])
    expect(stdout.trimEnd().split('\n')).toHaveLength(2)
    for (const mark of ['\u001B', '\u202E']) expect(stdout).not.toContain(mark)
  })
})

describe('show', () => {
  test('shows everything of one, the body laid out', async () => {
    const { sqlite } = await startWith(['bad-1'])
    const { code, stdout } = await run(['inbox', 'show', 'bad-1:success', ...sqlite])
    expect(code).toBe(0)
    for (const line of [
      'key         bad-1:success',
      'state       dead',
      'last error  UnrecoverableError: no such order',
      'its code    ERR_LUMA_UNRECOVERABLE',
    ]) {
      expect(stdout).toContain(`${line}\n`)
    }
    expect(stdout).toContain('query       {"order":"17"}\n')
    expect(stdout).toContain('\n  "code": 200,\n')
  })

  test('is JSON for programs', async () => {
    const receiver = await startWith(['bad-1'])
    expect(await json(receiver, 'show', 'bad-1:success')).toMatchObject({
      key: 'bad-1:success',
      state: 'dead',
      attempts: 1,
      query: { order: '17' },
      failureCode: 'ERR_LUMA_UNRECOVERABLE',
      raw: expect.stringContaining('"bad-1"'),
    })
  })

  test('says that there is none, and how keys look', async () => {
    const { sqlite } = await startWith([])
    expect(await run(['inbox', 'show', 'bad-1', ...sqlite])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: there is no callback bad-1 in this inbox\n' +
        'hint: a key is a task id with its outcome, such as bad-1:success\n',
    })
  })
})

describe('requeue', () => {
  test('gives a dead callback back to the receiver that is at work', async () => {
    const receiver = await startWith(['bad-1', 'bad-2'])
    receiver.isBroken = false
    const { stdout } = await run(['inbox', 'requeue', 'bad-1:success', ...receiver.sqlite])
    expect(stdout).toBe('1 callback pending again\n')
    await expect.poll(() => receiver.runs).toEqual(['bad-1', 'bad-2', 'bad-1'])
    await expect.poll(() => json(receiver, 'stats')).toMatchObject({ done: 1, dead: 1 })
  })

  test('gives all of them back', async () => {
    const receiver = await startWith(['bad-1', 'bad-2', 'good-1'])
    receiver.isBroken = false
    expect(await json(receiver, 'requeue', '--all')).toEqual({ requeued: 2 })
    await expect.poll(() => json(receiver, 'stats')).toMatchObject({ done: 3, dead: 0 })
  })

  test('gives back nothing that is not dead, and nothing that was not named', async () => {
    const { sqlite } = await startWith(['good-1'])
    const requeue = (...args: string[]) => run(['inbox', 'requeue', ...args, ...sqlite])
    expect(await requeue('good-1:success')).toMatchObject({
      code: 1,
      stderr: 'error: good-1:success is done; only what is dead can be requeued\n',
    })
    expect(await requeue('nobody:success')).toMatchObject({ code: 1, stderr: expect.stringContaining('no callback') })
    expect(await requeue()).toMatchObject({
      code: 2,
      stderr: 'error: name one callback by its key, or --all that are dead\n',
    })
    expect(await requeue('good-1:success', '--all')).toMatchObject({ code: 2 })
  })
})

test('stats counts the callbacks in each state', async () => {
  const { sqlite } = await startWith(['good-1', 'good-2', 'bad-1'])
  const { stdout } = await run(['inbox', 'stats', ...sqlite])
  expect(stdout).toBe('pending  0\nrunning  0\ndone     2\ndead     1\nseen     3\n')
})

test('purge forgets the content of what is done, and a duplicate is still told', async () => {
  const receiver = await startWith(['good-1', 'bad-1'])
  const { stdout } = await run(['inbox', 'purge', ...receiver.sqlite])
  expect(stdout).toBe('the content of 1 callback that was done is gone\n')
  expect(await json(receiver, 'stats')).toMatchObject({ done: 0, dead: 1, seen: 2 })
  const { raw } = sampleCallback({ taskId: 'good-1' })
  const headers = { 'content-type': 'application/json' }
  await receiver.handler.handle({ method: 'POST', url: '/', headers, rawBody: raw })
  expect(receiver.runs).toEqual(['good-1', 'bad-1'])
})

describe('a file', () => {
  test('that is not there is not made', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'luma.db')
    expect(await run(['inbox', 'stats', '--sqlite', file])).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: there is no file ${file}\n`,
    })
    expect(readdirSync(folder)).toEqual([])
  })

  test('that is empty is made none', async () => {
    const file = join(temporaryFolder(), 'luma.db')
    writeFileSync(file, '')
    expect(await run(['inbox', 'stats', '--sqlite', file])).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: the file ${file} is empty, so it is no inbox\n`,
    })
    expect(statSync(file).size).toBe(0)
  })

  test('that is no inbox is left as it is, and that is said in one line', async () => {
    const file = join(temporaryFolder(), 'luma.db')
    writeFileSync(file, 'this is no database, but it is somebody’s')
    const { code, stderr } = await run(['inbox', 'list', '--sqlite', file])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error: the inbox file .* cannot be opened: file is not a database[^\n]*\n$/)
    expect(existsSync(file)).toBe(true)
  })

  test('can be named in the environment', async () => {
    const { file } = await startWith(['good-1'])
    const { stdout } = await run(['inbox', 'stats'], { env: { LUMA_INBOX: file } })
    expect(stdout).toContain('done     1')
  })

  test('is left without a trace of having been looked into', async () => {
    const { file, handler } = await startWith(['good-1'])
    await handler.close()
    await run(['inbox', 'list', '--sqlite', file])
    expect(readdirSync(join(file, '..'))).toEqual(['luma.db'])
  })
})
