/** Replaces the key. */
const HIDDEN = '[the API key]'

/** Removes the key from foreign text: an API may echo it, and the user's own `fetch` may quote its request. */
export function hideKey(text: string, apiKey: string): string {
  return text.replaceAll(apiKey, HIDDEN)
}

/**
 * Copies the useful parts of a foreign error, without the key. It is always a copy, because the original may hold the request
 * and its headers in any property.
 */
export function withoutKey(thrown: unknown, apiKey: string): Error & { code?: string } {
  const hide = (text: string) => hideKey(text, apiKey)
  // `instanceof` fails across realms, as in some test runners.
  const { name, message, stack, code } = (thrown ?? {}) as Partial<Record<keyof Error | 'code', unknown>>
  if (typeof message !== 'string') {
    return new Error(typeof thrown === 'string' ? hide(thrown) : 'something other than an Error was thrown')
  }
  const copy = new Error(hide(message))
  Object.defineProperty(copy, 'name', { value: hide(String(name)), configurable: true, writable: true })
  Object.defineProperty(copy, 'stack', { value: hide(String(stack)), configurable: true, writable: true })
  return typeof code === 'string' ? Object.assign(copy, { code: hide(code) }) : copy
}
