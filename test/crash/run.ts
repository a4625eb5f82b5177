import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findBroken, readLog } from './log.ts'
import { startProvider } from './provider.ts'
import { randomFrom } from './random.ts'
import { createDisk } from '../helpers/disk.ts'
import { untilAtLeast } from '../helpers/patience.ts'

const SECRET = 'crash-test-secret'
const RECEIVER = fileURLToPath(new URL('receiver.ts', import.meta.url))
/** Milliseconds that a receiver lives before it is killed. */
const SHORTEST_LIFE = 30
const LONGEST_LIFE = 600
/** How many callbacks are answered 200 at least. */
export const ENOUGH = 100
/** Milliseconds without any progress after which what is left unfinished counts as lost. */
const PATIENCE = 60_000

export interface CrashResult {
  kills: number
  seed: number
  sent: number
  acknowledged: number
  /** Runs that a kill cut off, or that ended right before it, and that were run again. */
  repeated: number
  /** What was promised and did not hold. */
  broken: string[]
}

/** A disk that loses its power at each kill. A pattern of paths: their syncs do nothing, though they are reported as done. */
export type Power = 'stays' | 'cut' | { lies: string }

/**
 * Kills a receiver under load again and again, then lets it finish and compares what it did with what it had promised. Its
 * log of hooks is on another disk than its inbox.
 */
export async function crash(kills: number, seed: number, power: Power = 'stays'): Promise<CrashResult> {
  const folder = mkdtempSync(join(tmpdir(), 'luma-crash-'))
  const disk = power === 'stays' ? undefined : createDisk(folder, power === 'cut' ? undefined : power.lies)
  const [file, log] = [join(disk?.folder ?? folder, 'luma.db'), join(folder, 'hooks.log')]
  const random = randomFrom(seed)
  let url: string | undefined
  let receiver: ChildProcess | undefined

  async function start(): Promise<ChildProcess> {
    const child = fork(RECEIVER, [file, log, SECRET, String(seed)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, ...disk?.env },
    })
    receiver = child
    const [address] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [AddressInfo | number]
    if (typeof address !== 'object') throw new Error(`the receiver ended with ${address} before it listened`)
    url = `http://127.0.0.1:${address.port}/luma-modify-callback`
    return child
  }

  async function stop(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    url = undefined
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  try {
    const provider = startProvider({ url: () => url, secret: SECRET, random: randomFrom(seed + 1), connections: 8 })
    for (let kill = 0; kill < kills; kill++) {
      const child = await start()
      await sleep(SHORTEST_LIFE + (LONGEST_LIFE - SHORTEST_LIFE) * random())
      // Every other one has come to an end with something: on a slow machine too, no callback runs at each of the kills.
      const noted = () => readLog(log).filter(({ what, pid }) => what === 'noted' && pid === child.pid).length
      if (kill % 2 === 1) await untilAtLeast(5, noted)
      await stop(child, 'SIGKILL')
      disk?.cut(random() < 0.5 ? 'nothing' : { random })
    }
    const last = await start()
    await untilAtLeast(ENOUGH, () => new Set(provider.acknowledged).size)
    await provider.stop()
    await drained(file)
    await stop(last, 'SIGTERM')

    const lines = readLog(log)
    const begun = lines.filter(({ what }) => what === 'begun').map(({ key }) => key)
    return {
      kills,
      seed,
      sent: provider.sent,
      acknowledged: new Set(provider.acknowledged).size,
      repeated: begun.length - new Set(begun).size,
      broken: [...findBroken(provider.acknowledged, lines), ...findDamage(file)],
    }
  } finally {
    receiver?.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Resolves when all is done, or when nothing more happens. */
async function drained(file: string): Promise<void> {
  let left = Infinity
  let movedAt = Date.now()
  while (left > 0 && Date.now() - movedAt < PATIENCE) {
    await sleep(100)
    const before = left
    left = ask(file, (db) => countUnfinished(db))
    if (left !== before) movedAt = Date.now()
  }
}

function findDamage(file: string): string[] {
  return ask(file, (db) => {
    const checked = db
      .prepare('PRAGMA integrity_check')
      .all()
      .map((row) => String(row['integrity_check']))
    const unfinished = countUnfinished(db)
    return [
      ...checked.filter((line) => line !== 'ok').map((line) => `the database is damaged: ${line}`),
      ...(unfinished > 0 ? [`${unfinished} callbacks are left unfinished`] : []),
    ]
  })
}

function countUnfinished(db: DatabaseSync): number {
  return Number(db.prepare('SELECT count(*) AS count FROM work WHERE state <> 2').get()?.['count'])
}

function ask<Answer>(file: string, question: (db: DatabaseSync) => Answer): Answer {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 60_000 })
  try {
    return question(db)
  } finally {
    db.close()
  }
}
