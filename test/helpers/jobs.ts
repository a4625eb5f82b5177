import type { LumaEvent } from '@luma-callback/core'
import {
  createRunner,
  type Deliver,
  type Emit,
  type Job,
  type JobFailure,
  type JobStore,
  type Runner,
} from '@luma-callback/core/inbox'
import { onTestFinished } from 'vitest'
import { createOutage } from '../../packages/core/src/inbox/outage.ts'
import { fakeClock, type FakeClock } from './clock.ts'
import { successOf } from './signed.ts'

/** What a store was told, in short: `complete a`, `retry a in 750: Error: no [ECONNRESET]`. */
export type Note = string

export interface FakeStore extends JobStore {
  /** What waits to be taken. */
  waiting: Job[]
  /** How many were asked for, for each time it was asked. */
  asked: number[]
  notes: Note[]
  /** Answers of the next writes; true when there are none left. An Error is thrown. */
  answers: (boolean | Error)[]
  /** Thrown by the next asking for jobs. */
  takeFailures: Error[]
}

export function jobOf(name: string, job: Partial<Job> = {}): Job {
  const source = { raw: successOf(name).body, query: {}, receivedAt: new Date(0), key: name }
  return { source, attempt: 1, crashes: 0, isRecovered: false, ...job }
}

function noteOf({ text, code }: JobFailure): string {
  return code === undefined ? text : `${text} [${code}]`
}

/** A store that remembers what it was told. */
export function fakeStore(...waiting: Job[]): FakeStore {
  const store = { waiting, asked: [], notes: [], answers: [], takeFailures: [] } as unknown as FakeStore

  async function write(note: Note): Promise<boolean> {
    store.notes.push(note)
    const answer = store.answers.shift() ?? true
    if (answer instanceof Error) throw answer
    return answer
  }

  return Object.assign(store, {
    async take(count: number) {
      store.asked.push(count)
      const failure = store.takeFailures.shift()
      if (failure) throw failure
      return store.waiting.splice(0, count)
    },
    renew: ({ source }: Job) => write(`renew ${source.key}`),
    complete: ({ source }: Job) => write(`complete ${source.key}`),
    retry: ({ source }: Job, failure: JobFailure, delay: number) =>
      write(`retry ${source.key} in ${delay}: ${noteOf(failure)}`),
    bury: ({ source }: Job, failure: JobFailure) => write(`bury ${source.key}: ${noteOf(failure)}`),
    giveBack: ({ source }: Job) => write(`give back ${source.key}`),
  })
}

export interface StartedRunner {
  runner: Runner
  clock: FakeClock
  events: LumaEvent[]
}

interface RunnerTestOptions {
  concurrency?: number
  attempts?: number
  /** Whether a store that works again is told, as it is where a receiver starts the inbox. */
  tellsReturn?: boolean
}

/** A runner on a clock that stands still, with a lease of 30 s, looking for work each 500 ms. */
export function startRunner(
  store: JobStore,
  deliver: Deliver,
  { concurrency = 10, attempts = 5, tellsReturn = false }: RunnerTestOptions = {},
): StartedRunner {
  const clock = fakeClock({ now: 0 })
  const events: LumaEvent[] = []
  const emit: Emit = (event) => void events.push(event)
  const runner = createRunner({
    store,
    deliver,
    lease: 30_000,
    pollInterval: 500,
    concurrency,
    retry: { attempts, minDelay: 1_000, maxDelay: 5_000 },
    retention: 60_000,
    emit,
    clock,
    outage: tellsReturn ? createOutage({ store: 'inbox', emit, clock }) : undefined,
  })
  onTestFinished(async () => {
    const closed = runner.close({ timeout: 0 })
    await clock.advance(10_000)
    await closed
  })
  return { runner, clock, events }
}
