import type { LumaErrorCode, LumaErrorOf } from './codes.ts'
import { BRAND } from './luma-error.ts'

/**
 * True if an error is one of ours, and has this code, if one is given. Use it instead of `instanceof`: it checks the properties
 * of the error, so it works across copies of a package, bundles, minifiers and realms. Never throws.
 *
 * @example
 * ```ts
 * import { isLumaError, parseCallback } from '@luma-callback/core'
 *
 * try {
 *   parseCallback({ raw: '{}', query: {}, receivedAt: new Date() })
 * } catch (error) {
 *   if (isLumaError(error, 'ERR_LUMA_INVALID_CALLBACK')) console.log(error.reason)
 * }
 * ```
 */
export function isLumaError<Code extends LumaErrorCode = LumaErrorCode>(
  error: unknown,
  code?: Code,
): error is LumaErrorOf<Code> {
  try {
    if (typeof error !== 'object' || error === null) return false
    const found = error as { [BRAND]?: unknown; code?: unknown }
    if (found[BRAND] !== true || typeof found.code !== 'string') return false
    return code === undefined || found.code === code
  } catch {
    return false
  }
}
