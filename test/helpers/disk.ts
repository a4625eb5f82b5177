import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { preloaded } from './preload.ts'

/**
 * What reached the disk before a cut though it was not synced: nothing, the names of files, or anything. The numbers are
 * from 0 up to 1.
 */
export type Left = 'nothing' | 'names' | { random: () => number }

/** A folder on a disk that can lose its power. */
export interface Disk {
  folder: string
  /** For each process that writes to the folder. */
  env: Record<string, string>
  /** The power fails: every process that wrote to the folder must be dead. It is left as it is found when the power is back. */
  cut(left: Left): void
}

/**
 * The strictest disk that POSIX allows: a file has the bytes of its last sync, and the folder has the names of its last sync.
 * Later writes may have reached the disk too, in any order: `random` decides for the names, for the length of each file, and
 * for each of its blocks. The folder has no folders in it.
 *
 * @param home - An empty folder, which gets two: the disk's, and one of what was synced.
 * @param lies - A pattern of paths whose syncs do nothing, though they are reported as done.
 */
export function createDisk(home: string, lies?: string): Disk {
  const [folder, synced] = [join(home, 'disk'), join(home, 'synced')]
  for (const path of [folder, synced]) mkdirSync(path)
  const syncedOf = (inode: bigint | string): Buffer => {
    const path = join(synced, String(inode))
    return existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
  }

  /** The names that were synced, each with its inode. */
  function syncedNames(): Map<string, string> {
    const lines = syncedOf(inodeOf(folder)).toString().split('\n').filter(Boolean)
    return new Map(lines.map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]))
  }

  return {
    folder,
    env: {
      ...preloaded('disk'),
      LUMA_DISK: folder,
      LUMA_DISK_SYNCED: synced,
      ...(lies !== undefined && { LUMA_DISK_LIES: lies }),
    },
    cut(left) {
      const written = new Map(readdirSync(folder).map((name) => [name, String(inodeOf(join(folder, name)))]))
      const bytes = new Map([...written].map(([name, inode]) => [inode, readFileSync(join(folder, name))]))
      const isNamed = typeof left === 'string' ? left === 'names' : left.random() < 0.5
      const found = [...(isNamed ? written : syncedNames())].map(([name, inode]) => {
        const durable = syncedOf(inode)
        const content = typeof left === 'string' ? durable : mix(durable, bytes.get(inode) ?? durable, left.random)
        return [name, content] as const
      })
      rmSync(synced, { recursive: true })
      mkdirSync(synced)
      for (const name of written.keys()) rmSync(join(folder, name))
      for (const [name, content] of found) writeFileSync(join(folder, name), content, { mode: 0o600 })
      // It is the disk's now, and inodes are other ones.
      for (const [name, content] of found) writeFileSync(join(synced, String(inodeOf(join(folder, name)))), content)
      const lines = found.map(([name]) => `${inodeOf(join(folder, name))} ${name}\n`)
      writeFileSync(join(synced, String(inodeOf(folder))), lines.join(''))
    },
  }
}

function inodeOf(path: string): bigint {
  return statSync(path, { bigint: true }).ino
}

const BLOCK = 4096

/** One file, some of whose blocks were not synced and reached the disk all the same. */
function mix(durable: Buffer, written: Buffer, random: () => number): Buffer {
  const share = [0, 0.5, 1][Math.floor(3 * random())] ?? 0
  const length = random() < share ? written.length : durable.length
  const blocks: Buffer[] = []
  for (let at = 0; at < length; at += BLOCK) {
    const from = random() < share ? written : durable
    const block = Buffer.alloc(Math.min(BLOCK, length - at))
    from.subarray(at).copy(block)
    blocks.push(block)
  }
  return Buffer.concat(blocks)
}
