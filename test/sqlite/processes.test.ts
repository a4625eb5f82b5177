import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test, vi } from 'vitest'
import { callbackOf, openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { kill, startProcess } from '../helpers/process.ts'
import { PATIENCE, untilAtLeast } from '../helpers/patience.ts'

/** With a lease that outlasts each test: nothing is taken up because one has run out. */
function on(file: string) {
  return { sqlite: file, options: { lease: 600_000 } }
}

function newFile(): string {
  return join(temporaryFolder(), 'luma.db')
}

test('four processes on one file run the hook of each of 10 000 callbacks once, 30 % of them duplicates', async () => {
  const file = newFile()
  const processes = await Promise.all([1, 2, 3, 4].map(() => startProcess(on(file))))
  const taskIds = Array.from({ length: 7_000 }, (_, index) => `task-${index}`)
  // Each duplicate goes to another process than the first.
  const sendings = [
    ...taskIds.map((id, index) => ({ id, to: index % 4 })),
    ...taskIds.slice(0, 3_000).map((id, index) => ({ id, to: (index + 1) % 4 })),
  ]
  for (const [index, { send }] of processes.entries()) {
    const own = sendings.filter(({ to }) => to === index).map(({ id }) => id)
    for (let start = 0; start < own.length; start += 250) send({ record: own.slice(start, start + 250) })
  }
  await untilAtLeast(7_000, () => processes.flatMap(({ idsOf }) => idsOf('done')).length)
  const ended = Promise.all(processes.map(({ child }) => once(child, 'exit')))
  for (const { send } of processes) send('close')
  await ended

  const done = processes.flatMap(({ idsOf }) => idsOf('done'))
  expect(done.length).toBe(7_000)
  expect(new Set(done)).toEqual(new Set(taskIds))
  expect(processes.every(({ idsOf }) => idsOf('done').length > 0)).toBe(true)
  const db = new DatabaseSync(file)
  expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  db.close()
})

describe('work that one process has no room for', () => {
  test('is done by another', async () => {
    const file = newFile()
    const busy = await startProcess(on(file), 60_000, 1)
    busy.send({ record: ['long'] })
    await vi.waitFor(() => expect(busy.idsOf('begun')).toEqual(['long']), PATIENCE)
    const idle = await startProcess(on(file))
    busy.send({ record: ['other'] })
    await vi.waitFor(() => expect(idle.idsOf('done')).toEqual(['other']), PATIENCE)
  })
})

describe('what a killed process was at', () => {
  test('is taken up by one that runs, at once and as the same attempt', async () => {
    const file = newFile()
    const first = await startProcess(on(file), 60_000)
    const second = await startProcess(on(file))
    first.send({ record: ['a', 'b'] })
    await vi.waitFor(
      () => expect([...first.idsOf('begun'), ...second.idsOf('done')].toSorted()).toEqual(['a', 'b']),
      PATIENCE,
    )
    // Whatever the second one took for itself is done; the first one's hangs.
    const hanging = first.idsOf('begun')
    await kill(first)
    await vi.waitFor(() => expect(second.idsOf('recovered').toSorted()).toEqual(hanging.toSorted()), PATIENCE)
    await vi.waitFor(() => expect(second.idsOf('done').toSorted()).toEqual(['a', 'b']), PATIENCE)
    expect(second.told.filter(({ type }) => type === 'recovered')).toEqual(
      hanging.map((taskId) => ({ type: 'recovered', taskId, attempt: 1 })),
    )
  })

  test('is taken up by the next one to start, long before its lease runs out', async () => {
    const file = newFile()
    const first = await startProcess(on(file), 60_000)
    first.send({ record: ['a'] })
    await vi.waitFor(() => expect(first.idsOf('begun')).toEqual(['a']), PATIENCE)
    await kill(first)
    const next = await startProcess(on(file))
    await vi.waitFor(() => expect(next.idsOf('done')).toEqual(['a']), PATIENCE)
    expect(next.idsOf('recovered')).toEqual(['a'])
    const ended = once(next.child, 'exit')
    next.send('close')
    await ended
    expect(readdirSync(dirname(file))).toEqual(['luma.db'])
  })

  test('is taken up by one that starts when all that shared the file were killed', async () => {
    const file = newFile()
    const processes = await Promise.all([startProcess(on(file), 60_000, 1), startProcess(on(file), 60_000, 1)])
    processes[0].send({ record: ['a', 'b', 'c'] })
    // One each is begun; the third has nobody yet.
    await vi.waitFor(() => expect(processes.map(({ idsOf }) => idsOf('begun').length)).toEqual([1, 1]), PATIENCE)
    await Promise.all(processes.map((one) => kill(one)))
    const next = await startProcess(on(file))
    await vi.waitFor(() => expect(next.idsOf('done').toSorted()).toEqual(['a', 'b', 'c']), PATIENCE)
    expect(next.idsOf('recovered').toSorted()).toEqual(processes.flatMap(({ idsOf }) => idsOf('begun')).toSorted())
  })

  test('is dead after four kills, while what ran beside it is not', async () => {
    const file = newFile()
    const inbox = openInbox(file)
    await inbox.record(callbackOf('poison'))
    for (const name of ['a', 'b', 'c']) await inbox.record(callbackOf(name))
    for (let kills = 0; kills < 4; kills++) {
      const process = await startProcess(on(file), 60_000)
      await vi.waitFor(() => expect(process.idsOf('begun')).toContain('poison'), PATIENCE)
      if (kills >= 2) expect(process.idsOf('begun')).toEqual(['poison'])
      await kill(process)
    }
    const { events, runs } = await startInbox(inbox)
    await vi.waitFor(() => expect(events.filter(({ type }) => type === 'delivered')).toHaveLength(3), PATIENCE)
    expect(runs.toSorted()).toEqual(['a', 'b', 'c'])
    expect(await inbox.get('poison:success')).toMatchObject({ state: 'dead', crashes: 4 })
  })
})
