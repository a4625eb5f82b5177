// Requests a second of the Express adapter, in direct mode and with the SQLite inbox, beside an app that only parses
// and answers, and one that inserts a row for each request. `npm run bench -- [rounds]`
import { compare, printScores } from './compare.ts'
import { GENERATOR } from './load.ts'

const rounds = Number(process.argv[2] ?? 5)
console.log(`Node ${process.version}, 50 connections of ${GENERATOR}, ${rounds} rounds in turns, medians`)
printScores(
  await compare(
    [
      { name: 'express.json()', server: 'express-json' },
      { name: 'a row per request', server: 'express-row' },
      { name: 'ours, direct', server: 'luma-direct' },
      { name: 'ours, SQLite', server: 'luma-sqlite' },
    ],
    rounds,
  ),
)
