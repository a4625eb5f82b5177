export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return ((below ?? Number.NaN) + (above ?? Number.NaN)) / 2
}

/** The least value that `share` of them do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? Number.NaN
}

/** The lowest and the highest. */
export function range(values: readonly number[], digits = 0): string {
  return [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits)).join(' – ')
}
