import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** The generator gets the last processor for itself, so that it does not take from the servers what is measured. */
export const isPinned: boolean = availableParallelism() > 1 && hasTaskset()

/** The command, kept to its processors where the system lets us. */
export function pinned(role: 'server' | 'generator', command: string, args: readonly string[]): [string, string[]] {
  if (!isPinned) return [command, [...args]]
  const last = availableParallelism() - 1
  const processors = role === 'generator' ? String(last) : last === 1 ? '0' : `0-${last - 1}`
  return ['taskset', ['--cpu-list', processors, command, ...args]]
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--cpu-list', '0', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
