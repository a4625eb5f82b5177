// How long 500 MB from loopback take: `curl -o`, curl and then a digest of the file, and saveUrl, which does both and
// syncs the file to the disk. In turns, medians.
//   npm run bench:download -- [--rounds 5] [--markdown]
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { randomFillSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { atExit } from './at-exit.ts'
import { median, range } from './numbers.ts'
import { printHeader, printTable } from './table.ts'
import { temporaryFolder } from './temporary.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    markdown: { type: 'boolean', default: false },
    serve: { type: 'string' },
  },
})
const MEBIBYTES = 500
if (values.serve === undefined) await compare(Number(values.rounds))
else await serve(values.serve)

/** In a process of its own, as any server is. */
async function serve(file: string): Promise<void> {
  const { size } = statSync(file)
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': size, 'content-type': 'video/mp4', etag: '"bench"' })
    createReadStream(file, { highWaterMark: 1024 ** 2 }).pipe(response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
}

async function compare(rounds: number): Promise<void> {
  printHeader(`${MEBIBYTES} MiB from loopback`, `${rounds} rounds in turns`, 'medians')
  const { path: directory, remove } = temporaryFolder()
  const file = join(directory, 'source.mp4')
  await makeVideo(file)
  const server = spawn(process.execPath, [fileURLToPath(import.meta.url), '--serve', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  atExit(() => server.kill())
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer]
    const url = `http://127.0.0.1:${line.toString().trim()}/bench.mp4`
    const target = join(directory, 'target')
    const run = (command: string, args: string[]): number => {
      rmSync(target, { recursive: true, force: true })
      const startedAt = performance.now()
      execFileSync(command, args, { stdio: 'ignore' })
      return performance.now() - startedAt
    }
    const curl = ['-s', '-o', target, url]
    const saver = fileURLToPath(new URL('saver.mjs', import.meta.url))
    const peaks: number[] = []
    const contestants: Record<string, () => number> = {
      'curl -o': () => run('curl', curl),
      'curl -o, then openssl dgst': () => run('sh', ['-c', 'curl "$@" && openssl dgst -sha256 "$3"', 'sh', ...curl]),
      saveUrl: () => {
        rmSync(target, { recursive: true, force: true })
        const startedAt = performance.now()
        const output = execFileSync(process.execPath, [saver, url, target], { encoding: 'utf8' })
        peaks.push(Number(output))
        return performance.now() - startedAt
      },
    }
    const times = new Map<string, number[]>(Object.keys(contestants).map((name) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const [name, contestant] of Object.entries(contestants)) times.get(name)?.push(contestant())
    }
    report(times, peaks)
  } finally {
    server.kill()
    remove()
  }
}

async function makeVideo(path: string): Promise<void> {
  const handle = await open(path, 'wx')
  const block = Buffer.alloc(1024 ** 2)
  for (let index = 0; index < MEBIBYTES; index++) {
    randomFillSync(block)
    if (index === 0) block.write('\0\0\0\u0018ftypisom', 'latin1')
    await handle.write(block)
  }
  await handle.close()
}

function report(times: ReadonlyMap<string, readonly number[]>, peaks: readonly number[]): void {
  const reference = median(times.get('curl -o') ?? [])
  const rows = [...times].map(([name, all]) => [
    name,
    `${median(all).toFixed(0)} ms`,
    range(all),
    `${(median(all) / reference).toFixed(2)} ×`,
    name === 'saveUrl' ? `${Math.max(...peaks)} MB` : '',
  ])
  printTable(['', 'time', 'lowest – highest', 'ratio', 'peak memory'], rows, values)
}
