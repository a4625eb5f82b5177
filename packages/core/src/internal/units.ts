export type Unit = 'milliseconds' | 'seconds' | 'bytes'

const KB = 1024

const SIZES: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  milliseconds: { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 },
  seconds: { s: 1, m: 60, min: 60, h: 3600, d: 86_400 },
  bytes: { b: 1, kb: KB, mb: KB ** 2, gb: KB ** 3 },
}

/** The end of a message that says what to write, if the value seems to be in another unit; else an empty text. */
export function inUnit(value: unknown, unit: Unit, isRight: (value: number) => boolean): string {
  if (typeof value === 'string') {
    const [, digits, name = ''] = /^(\d{1,6}) ?([a-z]{1,3})$/i.exec(value) ?? []
    const meant = Number(digits) * (SIZES[unit][name.toLowerCase()] ?? Number.NaN)
    return isRight(meant) ? `; write ${meant}` : ''
  }
  if (typeof value !== 'number' || unit !== 'seconds' || !isRight(value / 1000)) return ''
  return `, not milliseconds: for ${value} ms write ${value / 1000}`
}

/** The bytes of a number or of a text such as `'256kb'`; undefined for any other value. */
export function toBytes(value: unknown): number | undefined {
  const [, digits, name = ''] = (typeof value === 'string' && /^(\d+)(b|kb|mb)$/i.exec(value)) || []
  const bytes = typeof value === 'number' ? value : Number(digits) * (SIZES.bytes[name.toLowerCase()] ?? Number.NaN)
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined
}
