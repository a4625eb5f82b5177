// A process that works on an inbox file until someone kills it. What its runs do it says over IPC.
import { parseCallback } from '@luma-callback/core'
import { sqliteInbox } from '@luma-callback/sqlite'
import { systemClock } from '../../packages/core/src/internal/clock.ts'

const [file = '', lease = '', ...taskIds] = process.argv.slice(2)
const inbox = sqliteInbox(file, { pollInterval: 20, lease: Number(lease) })

function say(message: string): void {
  process.send?.(message)
}

await inbox.start(
  ({ taskId }, { attempt, signal }) => {
    say(`begun ${taskId} ${attempt}`)
    if (taskId === 'quick') return Promise.resolve()
    if (taskId === 'failing' && attempt === 1) return Promise.reject(new Error('not yet'))
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        say(`aborted ${taskId}: ${(signal.reason as Error).name}`)
        reject(signal.reason as Error)
      })
    })
  },
  {
    concurrency: 10,
    retry: { attempts: 5, minDelay: 10, maxDelay: 20 },
    retention: 60 * 60 * 1000,
    emit: (event) => {
      if (event.type === 'delivered') say(`delivered ${event.callback.taskId}`)
    },
    clock: systemClock,
  },
)
for (const taskId of taskIds) {
  const raw = JSON.stringify({ code: 200, data: { taskId, resultUrls: ['https://files.example/video.mp4'] } })
  await inbox.record(parseCallback({ raw, query: {}, receivedAt: new Date() }))
  say(`recorded ${taskId}`)
}
