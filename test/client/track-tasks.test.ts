import { trackTasks } from '@luma-callback/client'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { clientOf } from '../helpers/api.ts'
import { newDirectory } from '../helpers/origin.ts'
import { simulate } from '../helpers/simulator.ts'
import { LONG_AGO } from './reconciler.ts'

describe('trackTasks', () => {
  test('keeps what was submitted, over a restart, until it is removed', async () => {
    const file = join(newDirectory(), 'tasks.db')
    const simulator = await simulate()
    const first = trackTasks(file)
    const { taskId } = await clientOf(simulator, { tasks: first }).modify({
      prompt: 'x',
      videoUrl: 'https://a.example/x.mp4',
    })
    await first.add(taskId, LONG_AGO)
    first.close()
    const second = trackTasks(file)
    expect(second.pending()).toEqual([{ taskId, submittedAt: expect.any(Date) }])
    expect(second.pending()[0]?.submittedAt.getTime()).toBeGreaterThan(LONG_AGO.getTime())
    await second.remove(taskId)
    expect(second.pending()).toEqual([])
    second.close()
  })

  test('a task whose id could not be noted is told with its id', async () => {
    const simulator = await simulate()
    const tasks = trackTasks(join(newDirectory(), 'tasks.db'))
    tasks.close()
    const submitting = clientOf(simulator, { tasks }).modify({ prompt: 'x', videoUrl: 'https://a.example/x.mp4' })
    await expect(submitting).rejects.toMatchObject({
      code: 'ERR_LUMA_UNTRACKED',
      retryable: false,
      taskId: expect.any(String),
    })
    await submitting.catch(({ taskId }: { taskId: string }) => expect(simulator.tasks[0]?.taskId).toBe(taskId))
  })

  test('a list that was closed says so, and may be closed again', () => {
    const tasks = trackTasks(join(newDirectory(), 'tasks.db'))
    tasks.close()
    tasks.close()
    expect(() => tasks.pending()).toThrow('is closed; close the reconciler first')
  })

  test('a file that another process has locked holds up nothing, and is written when it is free', async () => {
    const file = join(newDirectory(), 'tasks.db')
    const simulator = await simulate()
    const tasks = trackTasks(file)
    onTestFinished(() => tasks.close())
    const other = new DatabaseSync(file)
    onTestFinished(() => other.close())
    other.exec('BEGIN IMMEDIATE')
    const submitting = clientOf(simulator, { tasks }).modify({ prompt: 'x', videoUrl: 'https://a.example/x.mp4' })
    // Whoever waits for the lock must let the one who has it come to its end, in this process.
    await expect.poll(() => simulator.tasks).toHaveLength(1)
    for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(tasks.pending()).toEqual([])
    other.exec('COMMIT')
    const { taskId } = await submitting
    expect(tasks.pending()).toMatchObject([{ taskId }])
    other.exec('BEGIN IMMEDIATE')
    const removing = tasks.remove(taskId)
    await new Promise((resolve) => setTimeout(resolve, 20))
    other.exec('COMMIT')
    await removing
    expect(tasks.pending()).toEqual([])
  })
})
