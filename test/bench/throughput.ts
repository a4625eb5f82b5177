// Requests a second of the Express adapter, in direct mode and with the SQLite inbox, beside an app that only parses
// and answers, and one that inserts a row for each request; or, of the SQLite inbox on files that remember more keys.
//   npm run bench -- [--rounds 5] [--growth]
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
const SIZES = [0, 1e5, 1e6, 1e7]

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, growth: { type: 'boolean', default: false } },
})
const rounds = Number(values.rounds)
console.log(`Node ${process.version}, 50 connections of ${GENERATOR}, ${rounds} rounds in turns, medians`)
printScores(values.growth ? await growth(SIZES, rounds) : await compare(CONTESTANTS, rounds))
