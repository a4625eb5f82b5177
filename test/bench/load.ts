import { execFileSync } from 'node:child_process'
import { loadByAutocannon } from './autocannon.ts'
import type { Traffic } from './tasks.ts'
import { loadByWrk } from './wrk.ts'

export interface Measured {
  /** Answers a second. */
  rate: number
  /** Milliseconds. */
  p50: number
  p99: number
}

export interface LoadOptions {
  seconds: number
  connections: number
  traffic: Traffic
}

/** What the load comes from: wrk where it is installed, for it takes the least of the machine for itself. */
export const GENERATOR: 'wrk' | 'autocannon' = isInstalled('wrk') ? 'wrk' : 'autocannon'

/** Sends requests for `seconds`; fails if any is answered otherwise than 2xx. */
export function load(url: string, options: LoadOptions): Promise<Measured> {
  return GENERATOR === 'wrk' ? loadByWrk(url, options) : loadByAutocannon(url, options)
}

function isInstalled(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch (error) {
    // It is there, and ends with a code of its own.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}
