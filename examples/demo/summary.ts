import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check } from './report.ts'
import type { Stage } from './results.ts'

/** Holds what your own system was told, and the videos that are there, against the log of the simulator. */
export async function showSummary({
  simulator,
  shop,
  videos,
}: Pick<Stage, 'simulator' | 'shop'> & { videos: string }): Promise<void> {
  const { submitted, deliveries } = simulator.summary()
  const told = (outcome: string) => shop.told.filter((what) => what.outcome === outcome).length
  const wrong = simulator.tasks.filter(({ taskId, state }) => {
    const outcomes = shop.told.filter((what) => what.taskId === taskId).map(({ outcome }) => outcome)
    return outcomes.length !== 1 || outcomes[0] !== state
  })
  const ids = wrong.map(({ taskId }) => taskId).join(', ')
  check({
    holds: wrong.length === 0 && shop.told.length === submitted,
    sentence:
      `${submitted} tasks, ${deliveries} callbacks: your own system is told once of each, ` +
      `${told('success')} successes and ${told('failure')} failures.`,
    trouble: `each task should have been told once, as what it was; otherwise was ${ids || 'a task that nobody submitted'}`,
  })
  await showVideos({ simulator, videos })
}

/** Each video has to be byte for byte what the simulator serves. */
async function showVideos({ simulator, videos }: { simulator: Stage['simulator']; videos: string }): Promise<void> {
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
  check({
    holds: right.length === succeeded.length && saved.size === right.length,
    sentence: `${right.length} of ${succeeded.length} videos are saved, and each equals the original byte for byte.`,
    trouble:
      `each task that succeeded should have its video, whole, and no other file be there; ` +
      `${right.length} of ${succeeded.length} have, with ${saved.size - right.length} other files`,
  })
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
