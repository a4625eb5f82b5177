import { load, startServer, type Measured } from './load.ts'

/** Seconds. A server answers half as many again once its code has been compiled for good, which takes that long. */
const WARM_UP = 5
const MEASURE = 4

export interface Contestant {
  name: string
  /** The file in ./servers. */
  server: string
  args?: readonly string[]
}

/** Medians. */
export interface Score extends Measured {
  name: string
}

/** Measures in turns, so that what else the machine does falls on all alike. */
export async function compare(contestants: readonly Contestant[], rounds: number): Promise<Score[]> {
  const results = contestants.map(({ name }) => ({ name, measured: [] as Measured[] }))
  for (let round = 0; round < rounds; round++) {
    for (const [index, { server, args }] of contestants.entries()) {
      const { url, child } = await startServer(server, args)
      await load(url, { seconds: WARM_UP, connections: 50 })
      results[index]?.measured.push(await load(url, { seconds: MEASURE, connections: 50 }))
      child.kill()
    }
  }
  return results.map(({ name, measured }) => ({
    name,
    rate: median(measured.map(({ rate }) => rate)),
    p50: median(measured.map(({ p50 }) => p50)),
    p99: median(measured.map(({ p99 }) => p99)),
  }))
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** One line each, with the ratio to the first. */
export function printScores(scores: readonly Score[]): void {
  const base = scores[0]?.rate ?? Number.NaN
  for (const { name, rate, p50, p99 } of scores) {
    const times = `p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms`
    console.log(`${name.padEnd(18)} ${rate.toFixed(0).padStart(7)}/s  ${times}  ${(rate / base).toFixed(2)} x`)
  }
}
