// How long after its 200 a hook begins, on an idle receiver: from when the sender has the whole answer. Both clocks are
// one, that of the machine. Direct mode is left out: there the hook runs before the answer.
//   npm run bench:latency -- [--callbacks 200] [--markdown]
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { now } from './clock.ts'
import { emptyInbox, LABELS, presentOf, type InboxName } from './inboxes.ts'
import { median, percentile } from './numbers.ts'
import { post } from './post.ts'
import { printHeader, printTable } from './table.ts'
import { newCallback } from './tasks.ts'
import { startWatched, type Watched } from './watched.ts'

/** Callbacks before the first that counts. */
const WARM_UP = 50
/** Milliseconds between two callbacks, at random so that no timer of the receiver's keeps step with them. */
const [SHORTEST_PAUSE, LONGEST_PAUSE] = [10, 60]

/** Milliseconds. */
interface Latency {
  toAnswer: number
  /** Below zero: the hook began while the answer was on its way. */
  toHook: number
}

const { values } = parseArgs({
  options: { callbacks: { type: 'string', default: '200' }, markdown: { type: 'boolean', default: false } },
})
const count = Number(values.callbacks)
printHeader(
  `${count} callbacks one after another`,
  'from the 200 to the start of the hook, so without direct mode, where the hook comes first',
)
const rows: string[][] = []
for (const inbox of await presentOf(['sqlite', 'redis', 'postgres'])) rows.push(describe(inbox, await measure(inbox)))
printTable(['', 'median', 'p99', 'max', 'answer, median'], rows, values)

async function measure(inbox: InboxName): Promise<Latency[]> {
  await emptyInbox(inbox)
  const receiver = await startWatched(inbox)
  const agent = new Agent({ keepAlive: true })
  try {
    const latencies: Latency[] = []
    for (let index = 0; index < WARM_UP + count; index++) {
      latencies.push(await measureOne(receiver, agent))
      await sleep(SHORTEST_PAUSE + (LONGEST_PAUSE - SHORTEST_PAUSE) * Math.random())
    }
    return latencies.slice(WARM_UP)
  } finally {
    agent.destroy()
    await receiver.kill()
    await emptyInbox(inbox)
  }
}

async function measureOne({ url, when }: Watched, agent: Agent): Promise<Latency> {
  const { taskId, request } = newCallback()
  const sentAt = now()
  const { status, at, body } = await post(url, request, agent)
  if (status !== 200) throw new Error(`a callback was answered ${status}: ${body}`)
  return { toAnswer: at - sentAt, toHook: (await when('begun', taskId)) - at }
}

function describe(inbox: InboxName, latencies: readonly Latency[]): string[] {
  const toHook = latencies.map((one) => one.toHook)
  const figures = [median(toHook), percentile(toHook, 0.99), Math.max(...toHook)]
  const toAnswer = median(latencies.map((one) => one.toAnswer))
  return [LABELS[inbox], ...[...figures, toAnswer].map((value) => `${value.toFixed(1)} ms`)]
}
