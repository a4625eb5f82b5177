import { parseArgs } from 'node:util'
import { AREAS } from './areas.ts'

export interface MutateOptions {
  /** Of `AREAS`. */
  files: readonly string[]
  /** Mutants to run, drawn from all; undefined for each of them. */
  most: number | undefined
  seed: number
}

/** @throws TypeError for an option that is wrong, or a file without tests. */
export function readOptions(args: readonly string[]): MutateOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { files: { type: 'string' }, most: { type: 'string' }, seed: { type: 'string' } },
  })
  const files = values.files?.split(',') ?? Object.keys(AREAS)
  for (const file of files) {
    if (!AREAS[file]) throw new TypeError(`--files: ${file} is none of ${Object.keys(AREAS).join(', ')}`)
  }
  return { files, most: count('most', values.most), seed: count('seed', values.seed) ?? 1 }
}

function count(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!/^\d+$/.test(value)) throw new TypeError(`--${name}: give it a whole number, not ${value}`)
  return Number(value)
}
