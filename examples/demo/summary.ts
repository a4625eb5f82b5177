import { check, say, title } from './report.ts'
import type { Stage } from './results.ts'

/** Holds what your own system was told against the log of the simulator. */
export async function showSummary({ simulator, shop }: Pick<Stage, 'simulator' | 'shop'>): Promise<void> {
  const { submitted, succeeded, failed, deliveries, retries, duplicates, delivered } = simulator.summary()
  title("The simulator's log, and what your own system was told")
  const told = (outcome: string) => shop.told.filter((what) => what.outcome === outcome).length
  say(`${submitted} tasks submitted, ${succeeded} succeeded, ${failed} failed`)
  say(
    `${deliveries} callbacks sent: ${delivered} taken, ${retries} sent again after no answer, ${duplicates} duplicates`,
  )
  say(`your own system was told of ${told('success')} successes and ${told('failure')} failures`)
  const wrong = simulator.tasks.filter(({ taskId, state }) => {
    const outcomes = shop.told.filter((what) => what.taskId === taskId).map(({ outcome }) => outcome)
    return outcomes.length !== 1 || outcomes[0] !== state
  })
  const ids = wrong.map(({ taskId }) => taskId).join(', ')
  check(
    wrong.length === 0 && shop.told.length === submitted,
    `each task should have been told once, as what it was; otherwise was ${ids || 'a task that nobody submitted'}`,
  )
}
