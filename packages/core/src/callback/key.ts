import { hash } from 'node:crypto'

/** The default key: the outcome holds no colon, so that no two pairs share one. */
export function callbackKey(taskId: string, outcome: 'success' | 'failure'): string {
  return `${taskId}:${outcome}`
}

/**
 * What an engine may keep a key by, whatever its length and characters: the first 16 bytes of its SHA-256. Of a billion
 * keys, two share them with a chance of 1 in 10²⁰. Of its UTF-16, for in UTF-8 all lone surrogates are one.
 */
export function keyHash(key: string): Buffer {
  return hash('sha256', Buffer.from(key, 'utf16le'), 'buffer').subarray(0, 16)
}
