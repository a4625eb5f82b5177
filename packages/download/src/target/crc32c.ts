/** Castagnoli's polynomial, with its bits reversed. Node only has CRC-32, which uses another polynomial. */
const POLYNOMIAL = 0x82f63b78

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0)
  return remainder
})

/**
 * Continues a CRC-32C (RFC 9260, appendix A) with more bytes.
 *
 * @param crc - The result for the bytes before; 0 at the start.
 */
export function crc32c(bytes: Uint8Array, crc: number): number {
  let remainder = ~crc
  // A loop by index, because iterating took three times as long.
  for (let at = 0; at < bytes.length; at++) {
    remainder = (table[(remainder ^ (bytes[at] as number)) & 0xff] as number) ^ (remainder >>> 8)
  }
  return ~remainder >>> 0
}
