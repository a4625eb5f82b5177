import type { InboxEngine } from './engine.ts'
import type { Job, JobStore } from './job.ts'

/**
 * A callback that was running during this many crashes may be their cause. Suspects run one at a time, so that a real one takes
 * no innocent callback down with it.
 */
export const SUSPECT = 2
/** Milliseconds until a suspect that must wait for another one is looked at again. */
const SUSPECT_DELAY = 1_000
/** How often a `take` asks again for jobs in place of suspects that have to wait. */
const ROUNDS = 3

/** The runner's view of an engine, which knows what this process holds. */
export interface HeldJobs<Held extends Job> extends JobStore<Held> {
  /** The jobs that this process runs, and those whose end is not written yet. */
  held(): readonly Held[]
  /** Gives them back, once nobody waits for them any more. */
  letGo(): Promise<void>
}

export function createHeldJobs<Held extends Job>(engine: InboxEngine<Held>): HeldJobs<Held> {
  const held = new Set<Held>()

  /** Keeps one suspect at most; the others wait. */
  async function admit(jobs: readonly Held[]): Promise<Held[]> {
    const waiting = jobs.filter((job) => {
      if (isSuspect(job) && [...held].some(isSuspect)) return true
      held.add(job)
      return false
    })
    // One that cannot be put back now is recovered when its lease has run out.
    await Promise.allSettled(waiting.map((job) => engine.putBack(job, SUSPECT_DELAY)))
    return jobs.filter((job) => held.has(job))
  }

  async function take(count: number): Promise<Held[]> {
    const taken: Held[] = []
    for (let round = 1; round <= ROUNDS; round++) {
      const wanted = count - taken.length
      const jobs = await engine.take(wanted).catch((error: unknown) => {
        // Jobs that were taken before have to run: nobody else can have them.
        if (taken.length === 0) throw error
        return []
      })
      const admitted = await admit(jobs)
      taken.push(...admitted)
      if (admitted.length === jobs.length) break
    }
    return taken
  }

  /** While the end of a run is not written, the job is still held. */
  async function end(job: Held, write: Promise<boolean>): Promise<boolean> {
    const isOurs = await write
    held.delete(job)
    return isOurs
  }

  const giveBack = (job: Held): Promise<boolean> => end(job, engine.putBack(job, 0))

  return {
    take,
    renew: (job) => engine.renew(job),
    complete: (job) => end(job, engine.complete(job)),
    retry: (job, failure, delay) => end(job, engine.retry(job, failure, delay)),
    bury: (job, failure) => end(job, engine.bury(job, failure)),
    giveBack,
    held: () => [...held],
    async letGo() {
      await Promise.allSettled([...held].map(giveBack))
    },
  }
}

function isSuspect({ crashes }: Job): boolean {
  return crashes >= SUSPECT
}
