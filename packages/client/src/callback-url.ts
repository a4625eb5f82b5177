/**
 * A `callBackUrl` that carries something of your own, such as an order id, which is then in `callback.query`.
 *
 * @param base - Where your receiver is, as the provider reaches it.
 * @throws TypeError for a base that is no http(s) URL, or values that are no texts.
 * @example
 * ```ts
 * callbackUrl('https://shop.example/luma-modify-callback', { ref: order.id })
 * ```
 */
export function callbackUrl(base: string, query: Readonly<Record<string, string | number>>): string {
  if (typeof base !== 'string' || !URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new TypeError(
      'callbackUrl: the base must be an http(s) URL, such as https://shop.example/luma-modify-callback',
    )
  }
  const url = new URL(base)
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new TypeError(`callbackUrl: "${name}" must be a text or a number`)
    }
    url.searchParams.set(name, String(value))
  }
  return url.href
}
