import type { Answer } from './exchange.ts'

/** The endpoint failed a check; the message says what it did. */
export class Unmet extends Error {
  override readonly name = 'Unmet'
}

/** An answer in a few words. */
export function told({ status, text }: Answer): string {
  // Foreign text must not control the terminal.
  const words = text
    .replaceAll(/<[^>]*>|&nbsp;|[^\x20-\x7e]/g, ' ')
    .replaceAll(/&#39;|&quot;/g, "'")
    .replaceAll(/\s+/g, ' ')
    .trim()
  if (!words) return String(status)
  return `${status} ${words.length > 80 ? `${words.slice(0, 79)}…` : words}`
}
