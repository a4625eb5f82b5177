/**
 * Makes a URL for `modify({ callBackUrl })` that carries values of your own, such as an order id. They arrive in
 * `callback.query`. The function is spelled `callbackUrl`; the field `callBackUrl` keeps the provider's spelling.
 *
 * @param base - The public URL of your receiver.
 * @throws TypeError if the base is not an http(s) URL, or if a value is neither a number nor well-formed text.
 * @example
 * ```ts
 * import { callbackUrl } from '@luma-callback/client'
 *
 * const callBackUrl = callbackUrl('https://shop.example/luma-modify-callback', { ref: 'order-17' })
 * ```
 */
export function callbackUrl(base: string, query: Readonly<Record<string, string | number>>): string {
  if (typeof base !== 'string' || !URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new TypeError(
      'callbackUrl: the base must be an http(s) URL, such as https://shop.example/luma-modify-callback',
    )
  }
  if (typeof query !== 'object' || query === null) {
    throw new TypeError('callbackUrl: give an object of texts and numbers, such as { ref: order.id }')
  }
  const url = new URL(base)
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== 'string' && !Number.isFinite(value)) {
      throw new TypeError(`callbackUrl: "${name}" must be a text or a number`)
    }
    // A lone surrogate would arrive as another character.
    if (/\p{Cs}/u.test(`${name}${value}`)) throw new TypeError(`callbackUrl: "${name}" must be well-formed text`)
    url.searchParams.set(name, String(value))
  }
  return url.href
}
