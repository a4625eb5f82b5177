/** A range of bytes, both ends included; the whole file; or a range outside the file. */
export type Range = { start: number; end: number } | 'whole' | 'unsatisfiable'

/**
 * Reads a `Range` header for a file of this size, as in RFC 9110, section 14. As the RFC allows, it ignores headers with several
 * ranges, with other units, and with invalid syntax.
 */
export function readRange(header: string | undefined, size: number): Range {
  const [, first, last] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'whole'
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return 'whole'
  return start >= size ? 'unsatisfiable' : { start, end }
}
