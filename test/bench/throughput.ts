// Requests a second of the Express adapter, in direct mode and with the SQLite inbox, beside an app that only parses
// and answers, and one that inserts a row for each request; or, of the SQLite inbox on files that remember more keys.
// With --engines: of the inboxes on Redis and Postgres, beside the same app, and one that awaits `boss.send`. They use
// REDIS_URL and DATABASE_URL, or the servers of this machine.
//   npm run bench -- [--rounds 5] [--growth | --engines]
import { parseArgs } from 'node:util'
import { compare, printScores, type Contestant } from './compare.ts'
import { growth } from './growth.ts'
import { GENERATOR } from './load.ts'

const CONTESTANTS: readonly Contestant[] = [
  { name: 'express.json()', server: 'express-json' },
  { name: 'a row per request', server: 'express-row' },
  { name: 'ours, direct', server: 'luma-direct' },
  { name: 'ours, SQLite', server: 'luma-sqlite' },
]
const ENGINES: readonly Contestant[] = [
  { name: 'express.json()', server: 'express-json' },
  { name: 'ours, Redis', server: 'luma-redis' },
  { name: 'boss.send', server: 'express-boss' },
  { name: 'ours, Postgres', server: 'luma-postgres' },
]
const SIZES = [0, 1e5, 1e6, 1e7]

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    growth: { type: 'boolean', default: false },
    engines: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
console.log(`Node ${process.version}, 50 connections of ${GENERATOR}, ${rounds} rounds in turns, medians`)
printScores(values.growth ? await growth(SIZES, rounds) : await compare(values.engines ? ENGINES : CONTESTANTS, rounds))
