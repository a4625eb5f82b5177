import type { Answer } from './exchange.ts'

/** The endpoint did otherwise; the message says what it did. */
export class Unmet extends Error {
  override readonly name = 'Unmet'
}

/** An answer in a few words. */
export function told({ status, text }: Answer): string {
  // What a stranger's server wrote must not move a terminal's cursor.
  const words = text
    .replaceAll(/<[^>]*>|&nbsp;|[^\x20-\x7e]/g, ' ')
    .replaceAll(/&#39;|&quot;/g, "'")
    .replaceAll(/\s+/g, ' ')
    .trim()
  if (!words) return String(status)
  return `${status} ${words.length > 80 ? `${words.slice(0, 79)}…` : words}`
}
