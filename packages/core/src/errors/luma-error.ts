/** Marks our errors. It is the same symbol in each copy, realm and release of this package. */
export const BRAND: unique symbol = Symbol.for('luma-callback.error')

/**
 * The base of all errors with a `code`, in all packages; a wrong option is a `TypeError`. Use `isLumaError` instead of
 * `instanceof`, because a program may have two copies of this package with different classes. Each class has its name as a
 * string: inboxes store the name, and a minifier would change it.
 */
export abstract class LumaError extends Error {
  static {
    Object.defineProperty(this.prototype, BRAND, { value: true })
  }
  /** Stable across versions, unlike the message. */
  abstract readonly code: `ERR_LUMA_${string}`
  /** True if a retry may help. A hook that throws one of our errors with `false` is not run again. */
  readonly retryable: boolean = true
}
