import { CommanderError } from 'commander'
import { Failure, Interrupted } from './failure.ts'
import { clearProgress, printError } from './output.ts'
import { createProgram } from './program.ts'

/** 128 and the number of SIGPIPE, as other programs end whose reader has gone. */
const READER_GONE = 141

/** Runs the command line. Resolves with the exit code; what went wrong has been said by then. */
export async function main(args: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? READER_GONE : 2))
  }
  try {
    let exitCode = 0
    await createProgram((code) => (exitCode = code)).parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has said what it was.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof Interrupted) return error.exitCode
    printError(error)
    return error instanceof Failure ? error.exitCode : 2
  } finally {
    clearProgress()
  }
}
