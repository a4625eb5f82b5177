import { load, type Measured } from './load.ts'
import { median, range } from './numbers.ts'
import { peakMemory, startServer } from './server.ts'
import { printTable } from './table.ts'
import { callbacks, type Traffic } from './tasks.ts'

/** Seconds. A server answers half as many again once its code has been compiled for good, which takes that long. */
const WARM_UP = 5
const MEASURE = 4

export interface Contestant {
  name: string
  /** The file in ./servers. */
  server: string
  args?: readonly string[]
  /** Default: signed callbacks. */
  traffic?: () => Traffic
  /** Whose rate its own is held against. Default: the first one's. */
  base?: string
}

/** Medians. */
export interface Score extends Measured {
  name: string
  /** The rates of all rounds. */
  rates: readonly number[]
  /** Its rate against that of its base. */
  ratio: number
  /** MB; undefined where the system does not tell. */
  memory: number | undefined
}

/** Measures in turns, so that what else the machine does falls on all alike. */
export async function compare(contestants: readonly Contestant[], rounds: number): Promise<Score[]> {
  const results = contestants.map(() => ({ measured: [] as Measured[], memory: 0 }))
  for (let round = 0; round < rounds; round++) {
    for (const [index, { server, args, traffic = callbacks }] of contestants.entries()) {
      const result = results[index]
      const { url, child } = await startServer(server, args)
      try {
        await load(url, { seconds: WARM_UP, connections: 50, traffic: traffic() })
        result?.measured.push(await load(url, { seconds: MEASURE, connections: 50, traffic: traffic() }))
        if (result) result.memory = Math.max(result.memory, peakMemory(child) ?? 0)
      } finally {
        child.kill('SIGKILL')
      }
    }
  }
  const rateOf = (index: number): number => median(results[index]?.measured.map(({ rate }) => rate) ?? [])
  return contestants.map(({ name, base }, index) => {
    const { measured = [], memory = 0 } = results[index] ?? {}
    const rates = measured.map(({ rate }) => rate)
    const baseIndex = Math.max(
      0,
      contestants.findIndex((other) => other.name === base),
    )
    return {
      name,
      rate: rateOf(index),
      rates,
      ratio: rateOf(index) / rateOf(baseIndex),
      p50: median(measured.map(({ p50 }) => p50)),
      p99: median(measured.map(({ p99 }) => p99)),
      memory: memory || undefined,
    }
  })
}

export function printScores(scores: readonly Score[], { markdown }: { markdown: boolean }): void {
  const head = ['', 'requests a second', 'lowest – highest', 'ratio', 'p50', 'p99', 'peak memory']
  const rows = scores.map(({ name, rate, rates, ratio, p50, p99, memory }) => [
    name,
    rate.toFixed(0),
    range(rates),
    `${ratio.toFixed(2)} ×`,
    `${p50.toFixed(1)} ms`,
    `${p99.toFixed(1)} ms`,
    memory === undefined ? '?' : `${memory} MB`,
  ])
  printTable(head, rows, { markdown })
}
