import { existsSync, readFileSync } from 'node:fs'

/** What a receiver wrote about one run of a hook. */
export interface LogLine {
  what: 'begun' | 'done' | 'noted' | 'dead'
  pid: number
  key: string
}

export function readLog(path: string): LogLine[] {
  // Not there: every receiver was killed before its first hook.
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => {
    const [what, pid, key = ''] = line.split(' ')
    return { what: what as LogLine['what'], pid: Number(pid), key }
  })
}

/** What the log and the provider's list contradict of what was promised; empty if nothing. */
export function findBroken(acknowledged: Iterable<string>, lines: readonly LogLine[]): string[] {
  const linesOf = new Map<string, LogLine[]>()
  for (const line of lines) {
    const ofKey = linesOf.get(line.key)
    if (ofKey) ofKey.push(line)
    else linesOf.set(line.key, [line])
  }
  const lost = [...new Set(acknowledged)].filter((key) => !linesOf.get(key)?.some(({ what }) => what === 'done'))
  const broken = lost.map((key) => `${key} was answered 200 and its hook was never completed`)
  for (const [key, ofKey] of linesOf) {
    const noted = ofKey.findIndex(({ what }) => what === 'noted')
    if (noted !== -1 && ofKey.slice(noted + 1).some(({ what }) => what === 'begun')) {
      broken.push(`${key} was run again after it had been noted as done`)
    }
    const runs = ofKey.filter(({ what }) => what === 'begun')
    if (new Set(runs.map(({ pid }) => pid)).size < runs.length) broken.push(`${key} was run twice by one process`)
    if (ofKey.some(({ what }) => what === 'dead')) broken.push(`${key} is dead, though its hook never failed`)
  }
  return broken
}
