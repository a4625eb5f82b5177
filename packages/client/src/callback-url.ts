/**
 * A `callBackUrl` that carries something of your own, such as an order id, which is then in `callback.query`.
 *
 * @param base - Where your receiver is, as the provider reaches it.
 * @throws TypeError for a base that is no http(s) URL, or values that are no well-formed texts and no numbers.
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
    // Half of a pair would come back as another character.
    if (/\p{Cs}/u.test(`${name}${value}`)) throw new TypeError(`callbackUrl: "${name}" must be well-formed text`)
    url.searchParams.set(name, String(value))
  }
  return url.href
}
