import type { LumaCallback } from '../callback/parse.ts'
import type { LumaOptions } from '../options/options.ts'

/** The callback under the key that the option `key` makes, if there is that option. */
export function withKey(callback: LumaCallback, keyOf: LumaOptions['key']): LumaCallback {
  if (!keyOf) return callback
  const key: unknown = keyOf(callback)
  if (typeof key !== 'string' || key === '') {
    throw new TypeError(
      `lumaCallback: the "key" function must return a text that is not empty, for task ${callback.taskId} too`,
    )
  }
  return { ...callback, key }
}
