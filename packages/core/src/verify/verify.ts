import type { LumaCallback } from '../callback/parse.ts'
import type { LumaRequest } from '../request/request.ts'

/**
 * A check of the user's own: one that says `true` or `false`, or one that throws or says nothing. A function that may give
 * `undefined` instead of its verdict, as an optional chain does, is neither, and does not compile.
 */
export type Verify =
  | ((request: LumaRequest, callback: LumaCallback) => boolean | Promise<boolean>)
  | ((request: LumaRequest, callback: LumaCallback) => void | Promise<void>)
