import type { Job } from '@luma-callback/core/inbox'
import { describe, expect, test } from 'vitest'
import { createHeldJobs, type HeldJobs } from '../../packages/core/src/inbox/held-jobs.ts'
import { fakeEngine } from '../helpers/fake-engine.ts'
import { jobOf } from '../helpers/jobs.ts'

const suspect = (name: string): Job => jobOf(name, { crashes: 2 })
const namesOf = (jobs: readonly Job[]): string[] => jobs.map(({ source }) => source.key)

/** Jobs of an engine that answers each `take` with the next of these. */
function heldJobsOn(...answers: (readonly Job[] | Error)[]): HeldJobs<Job> & { notes: string[]; asked: number[] } {
  const engine = fakeEngine()
  const asked: number[] = []
  const jobs = createHeldJobs({
    ...engine,
    async take(count) {
      asked.push(count)
      const answer = answers.shift() ?? []
      if (answer instanceof Error) throw answer
      return answer
    },
  })
  return { ...jobs, notes: engine.notes, asked }
}

describe('taking jobs', () => {
  test('asks once if each of them may run', async () => {
    const { take, asked, held } = heldJobsOn([jobOf('a'), suspect('b')], [jobOf('c')])
    expect(namesOf(await take(5))).toEqual(['a', 'b'])
    expect(asked).toEqual([5])
    expect(namesOf(held())).toEqual(['a', 'b'])
  })

  test('puts back the second suspect, and asks for others in its place, three times at most', async () => {
    const { take, asked, notes, held } = heldJobsOn(
      [suspect('a'), suspect('b'), jobOf('c')],
      [suspect('d'), jobOf('e')],
      [suspect('f')],
      [jobOf('too many rounds')],
    )
    expect(namesOf(await take(5))).toEqual(['a', 'c', 'e'])
    expect(asked).toEqual([5, 3, 2])
    expect(notes).toEqual(['put back b for 1000', 'put back d for 1000', 'put back f for 1000'])
    expect(namesOf(held())).toEqual(['a', 'c', 'e'])
  })

  test('that fails is told', async () => {
    const { take } = heldJobsOn(new Error('away'))
    await expect(take(5)).rejects.toThrow('away')
  })

  test('that fails after some were taken gives those, as no other process can have them', async () => {
    const { take } = heldJobsOn([suspect('a'), suspect('b')], new Error('away'))
    expect(namesOf(await take(5))).toEqual(['a'])
  })
})

test('a job is held until its end is written, and one that is let go is due at once', async () => {
  const { take, complete, letGo, held, notes } = heldJobsOn([jobOf('a'), jobOf('b')])
  const [first] = await take(2)
  await complete(first!)
  expect(namesOf(held())).toEqual(['b'])
  await letGo()
  expect(held()).toEqual([])
  expect(notes).toEqual(['complete a', 'put back b for 0'])
})
