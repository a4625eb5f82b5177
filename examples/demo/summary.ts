import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, say, title } from './report.ts'
import type { Stage } from './results.ts'

/** Holds what your own system was told, and the videos that are there, against the log of the simulator. */
export async function showSummary({
  simulator,
  shop,
  videos,
}: Pick<Stage, 'simulator' | 'shop'> & { videos: string }): Promise<void> {
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
  await showVideos({ simulator, videos })
}

/** Each video has to be byte for byte what the simulator serves. */
async function showVideos({ simulator, videos }: { simulator: Stage['simulator']; videos: string }): Promise<void> {
  title('The videos that were saved, held against what the simulator has')
  const succeeded = simulator.tasks.filter(({ state }) => state === 'success')
  const saved = new Set(existsSync(videos) ? readdirSync(videos) : [])
  const right: string[] = []
  for (const { taskId, resultUrls } of succeeded) {
    for (const [index, url] of resultUrls.entries()) {
      const name = `${taskId}-${index + 1}.mp4`
      const original = new Uint8Array(await (await fetch(url)).arrayBuffer())
      if (saved.has(name) && sha256Of(readFileSync(join(videos, name))) === sha256Of(original)) right.push(name)
    }
  }
  say(
    `${right.length} videos of ${succeeded.length} tasks, and ${saved.size - right.length} files that nobody expected`,
  )
  check(
    right.length === succeeded.length && saved.size === right.length,
    `each task that succeeded should have its video, whole; ${right.length} of ${succeeded.length} have`,
  )
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
