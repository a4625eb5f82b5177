/** What every error of ours carries. It is the same symbol in each copy of this package, in each realm and in each release. */
export const BRAND: unique symbol = Symbol.for('luma-callback.error')

/**
 * The base of the errors with a `code`, those of the other packages too; a wrong option is a `TypeError`. Tell them by
 * `isLumaError`, not by `instanceof`: a program may have two copies of this package, and each copy has a class of its own. Each
 * class writes its name out: inboxes keep it with what failed, and a minifier would change it from one release to the next.
 */
export abstract class LumaError extends Error {
  static {
    Object.defineProperty(this.prototype, BRAND, { value: true })
  }
  /** Stable across versions, unlike the message. */
  abstract readonly code: `ERR_LUMA_${string}`
  /** Whether it may go otherwise the next time. A hook that throws an error of ours with `false` is not run again. */
  readonly retryable: boolean = true
}
