import { checkOptions } from '../internal/check-options.ts'
import { number } from '../internal/option-rules.ts'
import { CLOSE_TIMEOUT, type CloseOptions } from './contract.ts'

/**
 * The milliseconds that closing may take. Other names are not refused here: `close` itself is given to
 * `process.on('SIGTERM', …)` and to hooks of frameworks, which call it with something of their own, and it has to close.
 *
 * @throws TypeError for a timeout that is none.
 */
export function closeTimeout(options: CloseOptions | undefined): number {
  const rules = { timeout: number({ fallback: CLOSE_TIMEOUT, unit: 'milliseconds' }) }
  return checkOptions('close', { timeout: options?.timeout }, rules).timeout
}
