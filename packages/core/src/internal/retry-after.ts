/** The milliseconds from now in a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3). */
export function readRetryAfter(header: string | null | undefined): number | undefined {
  if (header == null) return undefined
  if (/^\d+$/.test(header)) return Number(header) * 1_000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}
