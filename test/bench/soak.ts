// A receiver with SQLite and real hooks at half of what it can take, for a while: whether its memory grows, its answers
// become slow, or its work piles up. Exits 1 if a callback that was answered 200 did not get its hook.
//   npm run bench:soak -- [--minutes 10] [--markdown]
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { percentile } from './numbers.ts'
import { startPacer, type Tally } from './pacer.ts'
import { startServer } from './server.ts'
import { capacity, drained, lookAt, type Look } from './soak-receiver.ts'
import { beginTable, printHeader } from './table.ts'

/** Seconds of the same load before the start counts: until then code is compiled and caches fill. */
const WARM_UP = 30

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, markdown: { type: 'boolean', default: false } },
})
const minutes = Number(values.minutes)
printHeader('SQLite', 'hooks that write a file', `${minutes} minutes at half of what it can take`)
const most = await capacity()
const rate = most / 2
console.log(`it can take ${most.toFixed(0)} callbacks a second, answers and hooks, and is sent ${rate.toFixed(0)}\n`)
const { url, child } = await startServer('luma-soak')
try {
  await soak(url, child)
} finally {
  child.kill('SIGKILL')
}

async function soak(to: string, receiver: ChildProcess): Promise<void> {
  const printRow = beginTable(
    ['minute', 'answered 200', 'failed', 'p50', 'p99', 'backlog', 'RSS', 'heap after GC'],
    values,
  )
  const pacer = startPacer({ url: to, rate, connections: 50 })
  await sleep(WARM_UP * 500)
  // The first collection on demand itself takes memory that is kept from then on.
  await lookAt(receiver, 'memory')
  await sleep(WARM_UP * 500)
  let accepted = pacer.take().accepted
  const looks = [await lookAt(receiver, 'memory')]
  printRow(['start', '', '', '', '', ...looks.flatMap(describe)])
  for (let minute = 0; minute < minutes;) {
    const step = Math.min(1, minutes - minute)
    await sleep(step * 60_000)
    minute += step
    const tally = pacer.take()
    const look = await lookAt(receiver, 'memory')
    looks.push(look)
    printRow([String(minute), ...describeTally(tally), ...describe(look)])
    accepted += tally.accepted
  }
  await pacer.stop()
  accepted += pacer.take().accepted
  const { runs, dead } = await drained(receiver)
  console.log(`\nfrom the start to the end: ${growth(looks[0], looks.at(-1))}`)
  if (looks.length > 2) console.log(`from minute 1 to the end:  ${growth(looks[1], looks.at(-1))}`)
  console.log(`${accepted} callbacks were answered 200, ${runs} hooks ran to their end, ${dead} are dead`)
  if (runs < accepted || dead > 0) process.exitCode = 1
}

function describeTally({ accepted, failed, latencies }: Tally): string[] {
  const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)]
  return [String(accepted), String(failed), `${p50.toFixed(1)} ms`, `${p99.toFixed(1)} ms`]
}

function describe({ backlog, rss, heapUsed }: Look): string[] {
  return [String(backlog), megabytes(rss), megabytes(heapUsed)]
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

function growth(from: Look | undefined, to: Look | undefined): string {
  if (!from || !to) return 'unknown'
  return `RSS ${change(from.rss, to.rss)}, heap ${change(from.heapUsed, to.heapUsed)}`
}

function change(from: number, to: number): string {
  const sign = to < from ? '−' : '+'
  return `${sign}${megabytes(Math.abs(to - from))} (${sign}${Math.abs((to / from - 1) * 100).toFixed(1)} %)`
}
