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
  // Not by instanceof: a test runner's own realm has an Error of its own.
  const { name, message, stack, code } = (thrown ?? {}) as Partial<Record<keyof Error | 'code', unknown>>
  if (typeof message !== 'string') {
    return new Error(typeof thrown === 'string' ? hide(thrown) : 'something other than an Error was thrown')
  }
  const copy = new Error(hide(message))
  Object.defineProperty(copy, 'name', { value: hide(String(name)), configurable: true, writable: true })
  Object.defineProperty(copy, 'stack', { value: hide(String(stack)), configurable: true, writable: true })
  return typeof code === 'string' ? Object.assign(copy, { code: hide(code) }) : copy
}
