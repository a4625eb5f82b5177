// How long a hook that a SIGKILL cut off is left undone. With SQLite: from the start of the next process, which takes up
// what the last one left, or from the kill where another process is at work on the file. With Redis and Postgres: from
// the kill until another process delivers it, which has to wait for the lease of the one that is gone, 15 s.
// Exits 1 if a median misses its target.
//   npm run bench:recovery -- [--runs 10] [--takeovers 2] [--markdown]
import { Agent } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { now } from './clock.ts'
import { emptyInbox, LABELS, presentOf, type InboxName } from './inboxes.ts'
import { median, range } from './numbers.ts'
import { post } from './post.ts'
import { printHeader, printTable } from './table.ts'
import { newCallback } from './tasks.ts'
import { temporaryFolder } from './temporary.ts'
import { startWatched, type Watched } from './watched.ts'

/** Milliseconds that the hook takes that is cut off. */
const ENDLESS = 1e9
/** Milliseconds between the start of the hook and the kill: at random, to be anywhere between two renewals of a lease. */
const LONGEST_LIFE = 5_000

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    takeovers: { type: 'string', default: '2' },
    markdown: { type: 'boolean', default: false },
  },
})
const [runs, takeovers] = [Number(values.runs), Number(values.takeovers)]
printHeader('from a SIGKILL until the hook it cut off was run to its end', 'medians')
const present = await presentOf(['sqlite', 'redis', 'postgres'])
const rows = [await measure('SQLite, the next process', () => restart('sqlite'), { times: runs, target: 2 })]
for (const inbox of present) {
  // What holds a SQLite file is seen to be gone at once, by its lock; elsewhere a lease has to run out.
  const how = inbox === 'sqlite' ? { times: runs, target: 2 } : { times: takeovers, target: 20 }
  rows.push(await measure(`${LABELS[inbox]}, another process`, () => takeOver(inbox), how))
}
printTable(['', 'done after', 'lowest – highest', 'target', 'runs'], rows, values)

interface Measuring {
  times: number
  /** Seconds. */
  target: number
}

async function measure(name: string, run: () => Promise<number>, { times, target }: Measuring): Promise<string[]> {
  const durations: number[] = []
  for (let index = 0; index < times; index++) durations.push((await run()) / 1_000)
  if (median(durations) > target) process.exitCode = 1
  return [name, `${median(durations).toFixed(2)} s`, range(durations, 2), `${target} s`, String(times)]
}

/** Milliseconds from the start of the next process. */
function restart(inbox: InboxName): Promise<number> {
  return withInbox(inbox, async (file) => {
    const victim = await startWatched(inbox, { hookTime: ENDLESS, file })
    const taskId = await beginHook(victim)
    await victim.kill()
    const startedAt = now()
    const next = await startWatched(inbox, { file })
    const doneAt = await next.when('done', taskId)
    await next.kill()
    return doneAt - startedAt
  })
}

/** Milliseconds from the kill, while another process is at work. */
function takeOver(inbox: InboxName): Promise<number> {
  return withInbox(inbox, async (file) => {
    const victim = await startWatched(inbox, { hookTime: ENDLESS, file })
    const taskId = await beginHook(victim)
    const other = await startWatched(inbox, { file })
    await sleep(LONGEST_LIFE * Math.random())
    const killedAt = now()
    await victim.kill()
    const doneAt = await other.when('done', taskId)
    await other.kill()
    return doneAt - killedAt
  })
}

/** Has a callback answered 200, and its hook running. */
async function beginHook({ url, when }: Watched): Promise<string> {
  const { taskId, request } = newCallback()
  const agent = new Agent()
  const { status, body } = await post(url, request, agent)
  if (status !== 200) throw new Error(`a callback was answered ${status}: ${body}`)
  await when('begun', taskId)
  return taskId
}

async function withInbox(inbox: InboxName, run: (file: string) => Promise<number>): Promise<number> {
  const folder = temporaryFolder()
  await emptyInbox(inbox)
  try {
    return await run(join(folder.path, 'luma.db'))
  } finally {
    await emptyInbox(inbox)
    folder.remove()
  }
}
