/** What stands where the key was. */
const HIDDEN = '[the API key]'

/** What others say, without the key: an API may echo it, and a fetch of the user's own may print its request. */
export function hideKey(text: string, apiKey: string): string {
  return text.replaceAll(apiKey, HIDDEN)
}

/**
 * A copy of what was thrown by others, with what helps to find its reason and without the key. It is always a copy: the
 * original may hold the request, with its headers, anywhere in it.
 */
export function withoutKey(thrown: unknown, apiKey: string): Error & { code?: string } {
  const hide = (text: string) => hideKey(text, apiKey)
  if (!(thrown instanceof Error)) return new Error(hide(typeof thrown === 'string' ? thrown : `a ${typeof thrown}`))
  const { name, message, stack, code } = thrown as Error & { code?: unknown }
  const copy = new Error(hide(message))
  Object.defineProperty(copy, 'name', { value: hide(name), configurable: true, writable: true })
  Object.defineProperty(copy, 'stack', { value: hide(stack ?? ''), configurable: true, writable: true })
  return typeof code === 'string' ? Object.assign(copy, { code: hide(code) }) : copy
}
