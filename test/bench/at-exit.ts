import { constants } from 'node:os'

/** What must not outlive the script. */
const undoings: (() => void)[] = []

/** Undoes something however the run ends, short of a SIGKILL; the latest first. */
export function atExit(undo: () => void): void {
  undoings.push(undo)
}

process.once('exit', () => {
  for (const undo of undoings.toReversed()) undo()
})
// A signal would end the process without that.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(128 + constants.signals[signal]))
