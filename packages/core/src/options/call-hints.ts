import { has, isPromise } from '../internal/check-options.ts'

/**
 * The problem with the arguments of `lumaCallback(onSuccess, options?)` or `lumaCallback(options)`, and what to write instead;
 * undefined if they are valid. The message never shows an argument.
 */
export function callProblem(first: unknown, second: unknown, third?: unknown): string | undefined {
  return firstProblem(first, second) ?? secondProblem(first, second) ?? thirdProblem(third)
}

const TWO_HOOKS = 'for two hooks, give one object: lumaCallback({ onSuccess, onFailure })'

function firstProblem(first: unknown, second: unknown): string | undefined {
  if (first === undefined || first === null) {
    return 'give it a function to call on success, as in app.use(lumaCallback(async ({ taskId, resultUrls }) => { … }))'
  }
  if (typeof first === 'string' || first instanceof RegExp) {
    return "the path is not its first argument: mount it, as in app.use('/path', lumaCallback(onSuccess)), or give the option path, as in lumaCallback(onSuccess, { path: '/path' })"
  }
  if (isPromise(first)) return 'its first argument is a promise: give the function itself, without calling it'
  if (Array.isArray(first)) return 'its first argument is a list: give lumaCallback({ onSuccess, onFailure })'
  if (has(first, 'receive', 'close')) return 'its first argument is a receiver already: write app.use(luma)'
  if (has(first, 'use', 'listen')) return 'it does not take the application: write app.use(lumaCallback(onSuccess))'
  if (second && typeof first === 'object' && ('headers' in first || 'req' in first)) {
    return 'it was called with a request, but it only makes the receiver: write app.use(lumaCallback(onSuccess))'
  }
  return undefined
}

function secondProblem(first: unknown, second: unknown): string | undefined {
  if (second === undefined) return undefined
  if (typeof second === 'function') return TWO_HOOKS
  if (typeof second === 'string') return "options are an object, as in lumaCallback(onSuccess, { path: '/path' })"
  if (isPromise(second)) return 'its options are a promise: await them first'
  if (has(second, 'record', 'start')) return 'an inbox is an option: lumaCallback(onSuccess, { inbox })'
  if (typeof second !== 'object' || second === null || Array.isArray(second)) {
    return 'options are an object, as in lumaCallback(onSuccess, { secret })'
  }
  return typeof first === 'function'
    ? undefined
    : 'give either (onSuccess, options) or (options), not two sets of options'
}

function thirdProblem(third: unknown): string | undefined {
  if (third === undefined) return undefined
  return typeof third === 'function' ? TWO_HOOKS : 'it takes a hook and one set of options, and nothing more'
}
