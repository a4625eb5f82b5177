import { countBy, counted, duration, grouped } from './numbers.ts'
import { paint } from './output.ts'
import type { Delivery } from './deliver.ts'

/** The statistics of all deliveries. Times are in milliseconds. */
export interface Tally {
  deliveries: number
  /** The count of each status, and of each reason for a missing answer. */
  answers: Readonly<Record<string, number>>
  elapsed: number
  median: number
  p99: number
  longest: number
}

export function tally(deliveries: readonly Delivery[], elapsed: number): Tally {
  const durations = deliveries.map((delivery) => delivery.duration).toSorted((one, other) => one - other)
  const quantile = (share: number) => durations[Math.max(Math.ceil(durations.length * share) - 1, 0)] ?? 0
  return {
    deliveries: deliveries.length,
    answers: countBy(deliveries, ({ status, error = '' }) => String(status ?? error)),
    elapsed: Math.round(elapsed),
    median: quantile(0.5),
    p99: quantile(0.99),
    longest: quantile(1),
  }
}

export function tallyLines({ deliveries, answers, elapsed, median, p99, longest }: Tally): string[] {
  const rate = elapsed > 0 ? ` (${grouped(Math.round((deliveries * 1_000) / elapsed))} a second)` : ''
  const counts = Object.entries(answers).toSorted(([, one], [, other]) => other - one)
  return [
    `${counted(deliveries, 'callback')} in ${duration(elapsed)}${rate}`,
    ...counts.map(([answer, count]) => {
      const text = `  ${grouped(count)} × ${answer}`
      return answer === '200' ? paint('green', text) : paint('red', text)
    }),
    `  answered after ${duration(median)} in the median, ${duration(p99)} at 99 %, ${duration(longest)} at most`,
  ]
}

/** A hint for the first answer that was not 200. */
export function hintFor(
  deliveries: readonly Delivery[],
  { url, isSigned }: { url: string; isSigned: boolean },
): string | undefined {
  const failed = deliveries.find(({ status }) => status !== 200)
  if (failed === undefined) return undefined
  const { status, error = '', location } = failed
  if (status === undefined) {
    if (error === 'bad port') return 'HTTP clients such as this one block this port: choose another'
    return /ECONNREFUSED/.test(error)
      ? `nothing listens at ${new URL(url).origin}: is the receiver running?`
      : undefined
  }
  if (status >= 300 && status < 400)
    return `the provider follows no redirect; this one leads to ${location ?? 'nowhere'}`
  if (status === 401 && isSigned) return 'does the receiver have the same key?'
  if (status === 401) return 'the receiver needs a signature: give its key as --secret or as LUMA_WEBHOOK_KEY'
  if (status === 404)
    return 'is the path right? Receivers of this package answer at /luma-modify-callback unless told otherwise'
  return status === 405 ? 'does this URL accept POST?' : undefined
}
