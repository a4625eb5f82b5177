// Requests a second of the receivers, beside what else there is: Node's own server, apps written the plain way, apps that
// keep each request in SQLite, BullMQ or pg-boss, and a peer of the same kind. One run, in turns. The engines are those of
// REDIS_URL and DATABASE_URL, or of this machine; contestants whose engine is not there are left out.
//   npm run bench -- [--rounds 5] [--markdown] [--only express,koa] [--growth]
import { parseArgs } from 'node:util'
import { compare, printScores, type Contestant } from './compare.ts'
import { ENGINES, isThere, type Engine } from './engines.ts'
import { growth } from './growth.ts'
import { GENERATOR } from './load.ts'
import { isPinned } from './pinning.ts'
import { printHeader } from './table.ts'
import { pings } from './tasks.ts'

const EXPRESS = 'Express, the plain way'
const KOA = 'Koa, the plain way'
interface Entrant extends Contestant {
  /** A word to choose it by. */
  group: 'limit' | 'express' | 'koa' | 'peer' | 'redis' | 'postgres'
}

const ENTRANTS: readonly Entrant[] = [
  { group: 'express', name: EXPRESS, server: 'express-json' },
  { group: 'limit', name: 'node:http, the limit', server: 'node-http' },
  { group: 'express', name: 'Express, a row per request', server: 'express-row' },
  { group: 'express', name: 'ours, Express, direct', server: 'luma-direct' },
  { group: 'express', name: 'ours, Express, SQLite', server: 'luma-sqlite' },
  { group: 'koa', name: KOA, server: 'koa-json', base: KOA },
  { group: 'koa', name: 'ours, Koa, SQLite', server: 'koa-luma-sqlite', base: KOA },
  { group: 'redis', name: 'Express, BullMQ queue.add', server: 'express-bull' },
  { group: 'redis', name: 'ours, Express, Redis', server: 'luma-redis' },
  { group: 'postgres', name: 'Express, pg-boss boss.send', server: 'express-boss' },
  { group: 'postgres', name: 'ours, Express, Postgres', server: 'luma-postgres' },
  { group: 'peer', name: '@octokit/webhooks', server: 'octokit', traffic: pings },
]
const SIZES = [0, 1e5, 1e6, 1e7]

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    markdown: { type: 'boolean', default: false },
    only: { type: 'string' },
    growth: { type: 'boolean', default: false },
  },
})
const { markdown } = values
const rounds = Number(values.rounds)
const pinning = isPinned ? 'on a processor of its own' : 'not pinned'
printHeader(`50 connections of ${GENERATOR} ${pinning}`, `${rounds} rounds in turns`, 'medians')
const scores = values.growth ? await growth(SIZES, rounds) : await compare(await present(), rounds)
printScores(scores, { markdown })

async function present(): Promise<Entrant[]> {
  const groups = values.only?.split(',')
  const chosen: Entrant[] = []
  for (const entrant of ENTRANTS) {
    const { group, name } = entrant
    if (groups && !groups.includes(group) && name !== EXPRESS) continue
    if (group in ENGINES && !(await isThere(group as Engine))) console.log(`${name}: left out, no ${group}`)
    else chosen.push(entrant)
  }
  return chosen
}
