// Requests a second of the Express adapter in direct mode, beside an app that only parses and answers.
// In turns, in one run, medians: run it with `npm run bench`.
import { load, startServer, type Measured } from './load.ts'

const ROUNDS = Number(process.argv[2] ?? 5)
const contestants = ['express-json', 'luma-direct']

const results = new Map<string, Measured[]>(contestants.map((name) => [name, []]))
for (let round = 0; round <= ROUNDS; round++) {
  for (const name of contestants) {
    const { url, child } = await startServer(name)
    await load(url, { seconds: 1, connections: 50 })
    const measured = await load(url, { seconds: 4, connections: 50 })
    child.kill()
    if (round > 0) results.get(name)?.push(measured)
  }
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

console.log(`Node ${process.version}, 50 connections, ${ROUNDS} rounds in turns, medians`)
const base = median((results.get('express-json') ?? []).map(({ rate }) => rate))
for (const [name, measured] of results) {
  const rate = median(measured.map((one) => one.rate))
  const p50 = median(measured.map((one) => one.p50))
  const p99 = median(measured.map((one) => one.p99))
  console.log(
    `${name.padEnd(14)} ${rate.toFixed(0).padStart(7)}/s  p50 ${p50} ms  p99 ${p99} ms  ${(rate / base).toFixed(2)} x`,
  )
}
