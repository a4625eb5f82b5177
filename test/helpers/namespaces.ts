import { execFileSync } from 'node:child_process'

/** Whether this system lets us mount a file system that only our own processes see. */
export function canMount(): boolean {
  return works('unshare', ['--map-root-user', '--mount', 'true'])
}

/** Whether we can have a network of our own, with any address that we like. */
export function canNetwork(): boolean {
  return works('unshare', ['--map-root-user', '--mount', '--net', 'ip', 'link', 'set', 'lo', 'up'])
}

function works(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
