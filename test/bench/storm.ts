// A thousand duplicates of one task at the same time, over a connection each: how often its hook runs, what they are
// answered, and how long it takes until all are. Exits 1 if a hook did not run exactly once.
//   npm run bench:storm -- [--duplicates 1000] [--rounds 5] [--markdown]
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { now } from './clock.ts'
import { emptyInbox, LABELS, presentOf, type InboxName } from './inboxes.ts'
import { median, range } from './numbers.ts'
import { post } from './post.ts'
import { printHeader, printTable } from './table.ts'
import { newCallback } from './tasks.ts'
import { startWatched, type Watched } from './watched.ts'

/** Milliseconds that the hook takes: long enough for most duplicates to come while it runs. */
const HOOK_TIME = 50
/** Milliseconds in which a hook that runs once too often would begin. */
const AFTERMATH = 1_500

interface Storm {
  runs: number
  /** Milliseconds until all were answered. */
  duration: number
  /** How many were answered what. */
  answers: Map<string, number>
}

const { values } = parseArgs({
  options: {
    duplicates: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    markdown: { type: 'boolean', default: false },
  },
})
const [duplicates, rounds] = [Number(values.duplicates), Number(values.rounds)]
printHeader(`${duplicates} duplicates at once`, `a hook of ${HOOK_TIME} ms`, `${rounds} rounds`, 'medians')
const rows: string[][] = []
for (const inbox of await presentOf(['direct', 'sqlite', 'redis', 'postgres'])) {
  const storms = await stormsOn(inbox)
  if (storms.some(({ runs }) => runs !== 1)) process.exitCode = 1
  rows.push(describe(inbox, storms))
}
printTable(['', 'hook runs', 'all answered', 'lowest – highest', 'answers of a round'], rows, values)

async function stormsOn(inbox: InboxName): Promise<Storm[]> {
  await emptyInbox(inbox)
  const receiver = await startWatched(inbox, { hookTime: HOOK_TIME })
  const agent = new Agent({ keepAlive: true, maxFreeSockets: duplicates })
  try {
    const storms: Storm[] = []
    for (let round = 0; round < rounds; round++) storms.push(await storm(receiver, agent))
    return storms
  } finally {
    agent.destroy()
    await receiver.kill()
    await emptyInbox(inbox)
  }
}

async function storm({ url, told }: Watched, agent: Agent): Promise<Storm> {
  const { taskId, request } = newCallback()
  const sendAll = (to: string): Promise<string>[] => Array.from({ length: duplicates }, () => answerOf(to))
  const answerOf = (to: string): Promise<string> =>
    post(to, request, agent)
      .then(({ status, body }) => `${status} ${wordOf(body)}`)
      .catch((error: NodeJS.ErrnoException) => error.code ?? error.message)
  // To an address that nobody answers: connecting is no part of what is measured.
  await Promise.all(sendAll(new URL('/elsewhere', url).href))

  const startedAt = now()
  const all = await Promise.all(sendAll(url))
  const duration = now() - startedAt
  await sleep(AFTERMATH)
  const answers = new Map<string, number>()
  for (const answer of all) answers.set(answer, (answers.get(answer) ?? 0) + 1)
  return { runs: told.filter((one) => one.type === 'begun' && one.taskId === taskId).length, duration, answers }
}

/** What an answer says in one word. */
function wordOf(body: string): string {
  if (!body.startsWith('{')) return body
  const { status, error = status } = JSON.parse(body) as { status: string; error?: string }
  return error
}

function describe(inbox: InboxName, storms: readonly Storm[]): string[] {
  const runs = [...new Set(storms.map((one) => one.runs))].join(', ')
  const durations = storms.map(({ duration }) => duration)
  const answers = storms.map((one) => [...one.answers].map(([answer, count]) => `${count} × ${answer}`).toSorted())
  // Most often all rounds are alike.
  const different = [...new Set(answers.map((list) => list.join(', ')))].join('; or ')
  return [LABELS[inbox], runs, `${median(durations).toFixed(0)} ms`, range(durations), different]
}
