const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** A readable duration: `250 ms`, `1.5 s`, `20 m`. */
export function duration(milliseconds: number): string {
  const [unit, size] = UNITS.find(([, each]) => milliseconds >= each) ?? ['ms', 1]
  const value = milliseconds / size
  return `${unit === 'ms' || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${unit}`
}

/** `1 callback`, `2 callbacks`, `12 000 callbacks`. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}

/** Digits in groups of three. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ')
}

/** The number of items of each name. */
export function countBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const item of items) counts[nameOf(item)] = (counts[nameOf(item)] ?? 0) + 1
  return counts
}

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** A readable size: `17 B`, `1.5 kB`, `500 MB`. A kB is 1 000 bytes, as usual for disks and networks. */
export function byteSize(bytes: number): string {
  const step = Math.min(SIZES.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const value = bytes / 1_000 ** step
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${SIZES[step]}`
}
