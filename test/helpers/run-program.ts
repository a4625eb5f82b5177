// Runs a program until its module has ended, and ends it then: a server would run for ever. It listens on a free port, so that
// many can run at the same time.
//   node run-program.ts program.ts
import { Server } from 'node:net'
import { pathToFileURL } from 'node:url'

const listen = Server.prototype.listen as (...args: unknown[]) => Server

Server.prototype.listen = function (this: Server, ...args: unknown[]) {
  return listen.apply(
    this,
    args.map((arg) => (typeof arg === 'number' ? 0 : arg)),
  )
} as typeof Server.prototype.listen

await import(pathToFileURL(process.argv[2] ?? '').href)
process.exit()
