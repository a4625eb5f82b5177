#!/usr/bin/env node
// `exec` for the scripts of package.json on Windows, whose shell has none. Elsewhere the shell's own comes first: it puts
// the program in the shell's place, so that a SIGTERM that npm hands on reaches the program.
import { spawn } from 'node:child_process'

const [program = '', ...args] = process.argv.slice(2)
const child = spawn(program === 'node' ? process.execPath : program, args, { stdio: 'inherit' })
// The console sends Ctrl-C to both; the program ends in order first.
process.on('SIGINT', () => {})
child.once('exit', (code) => (process.exitCode = code ?? 1))
