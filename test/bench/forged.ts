// How long a body of 256 kB that carries a wrong signature keeps the event loop busy, for each shape that is costly to
// read. The longest run is mostly the first, before the code is compiled. "behind a parser": a parser left an object, whose
// own time is not counted. On a machine that is busy with other things, run it at a higher priority.
//   npm run bench:forged -- [--rounds 31] [--markdown]
import { parseArgs } from 'node:util'
import { createHandler } from '@luma-callback/core'
import { median } from './numbers.ts'
import { printHeader, printTable } from './table.ts'

/** The receiver's limit. */
const BYTES = 256 * 1024
/** Room for what is around a shape. */
const FRAME = 100
const SECRET = 'whk_bench'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '31' }, markdown: { type: 'boolean', default: false } },
})

const SHAPES: Readonly<Record<string, () => string>> = {
  'one long text': () => `"${'a'.repeat(BYTES - FRAME)}"`,
  'one text of escapes': () => `"${filled(() => String.raw`\u0070`)}"`,
  'short texts of an escape': () => `[${listed(() => String.raw`"\u0070"`)}]`,
  'empty texts': () => `[${listed(() => '""')}]`,
  numbers: () => `[${listed(() => '1')}]`,
  'small objects': () => `[${listed(() => '{}')}]`,
  'objects of a key each': () => `[${listed((index) => `{"${index.toString(36)}":1}`)}]`,
  'distinct keys': () => `{${listed((index) => `"${index.toString(36)}":0`)}}`,
  'distinct keys of an escape': () => `{${listed((index) => String.raw`"\u0070${index.toString(36)}":0`)}}`,
  'keys named __proto__': () => `[${listed(() => '{"__proto__":{}}')}]`,
  'small objects beside an escape': () => String.raw`["\u0070",${listed(() => '{}')}]`,
  'lists in lists': () => nested(() => '[', ']'),
  'objects in objects': () => nested((level) => `{"${level.toString(36)}":`, '}'),
}

const { handle } = createHandler({ onSuccess: () => {}, secret: SECRET, observe: () => {} })
const rounds = Number(values.rounds)
printHeader(`bodies of ${BYTES / 1024} kB with a wrong signature, ${rounds} of each shape`, 'milliseconds')
const rows = Object.entries(SHAPES).map(([name, shape]) => ({ name, text: bodyOf(shape()) }))
const table: string[][] = []
for (const { name, text } of rows) {
  const rawBody = Buffer.from(text)
  const read = await times(() => ({ rawBody }))
  const parsed = await times(() => ({ body: JSON.parse(text) as unknown }))
  table.push([name, ...figures(read), ...figures(parsed)])
}
printTable(['', 'median', 'max', 'behind a parser', 'max'], table, values)

async function times(body: () => { rawBody: Buffer } | { body: unknown }): Promise<number[]> {
  const headers = {
    'content-type': 'application/json',
    'x-webhook-timestamp': String(Math.floor(Date.now() / 1000)),
    'x-webhook-signature': `${'A'.repeat(43)}=`,
  }
  const all: number[] = []
  for (let round = 0; round < rounds; round++) {
    const request = { method: 'POST', url: '/', headers, ...body() }
    const start = performance.now()
    const { status } = await handle(request)
    all.push(performance.now() - start)
    if (status !== 400 && status !== 401) throw new Error(`a forged body was answered ${status}`)
  }
  return all
}

function figures(all: readonly number[]): string[] {
  return [median(all), Math.max(...all)].map((value) => value.toFixed(1))
}

/** Beside the shape stands a task id, so that the signature is what decides. */
function bodyOf(shape: string): string {
  return `{"code":500,"msg":"","data":{"taskId":"774d9a7dd608a0e49293903095e45a4c"},"x":${shape}}`
}

function filled(part: (index: number) => string): string {
  const parts: string[] = []
  for (let length = 0; length < BYTES - FRAME - 16;) length += parts[parts.push(part(parts.length)) - 1]?.length ?? 0
  return parts.join('')
}

function listed(entry: (index: number) => string): string {
  return filled((index) => `${entry(index)},`).slice(0, -1)
}

function nested(open: (level: number) => string, close: string): string {
  let opened = ''
  let levels = 0
  while (opened.length + levels < BYTES - FRAME - 16) opened += open(levels++)
  return `${opened}1${close.repeat(levels)}`
}
