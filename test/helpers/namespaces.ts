import { execFileSync } from 'node:child_process'

/** Whether this system lets us mount a file system that only our own processes see. */
export const canMount: boolean = works(['--map-root-user', '--mount', 'true'])
/** Whether we can have a network of our own, with any address that we like. */
export const canNetwork: boolean = works(['--map-root-user', '--mount', '--net', 'ip', 'link', 'set', 'lo', 'up'])

/** What a title says of tests that are left out. */
export const mountReason: string = canMount ? '' : ' (left out: they need unshare and the right to mount)'
export const networkReason: string = canNetwork ? '' : ' (left out: they need unshare, ip, and the right to use both)'

function works(args: readonly string[]): boolean {
  try {
    execFileSync('unshare', args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
