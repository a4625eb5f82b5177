import { fdatasync, fsync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'

// Yarn's Plug'n'Play replaces Node's file handles by its own, whose `sync` and `datasync` throw "Method not implemented".
// The calls that take a descriptor are Node's own there too. Elsewhere the handle is asked: it stays open until it is done.
const isReplaced = process.versions['pnp'] !== undefined

/** Resolves when all of a file is on the disk. */
export function syncAll(handle: FileHandle): Promise<void> {
  return isReplaced ? promisify(fsync)(handle.fd) : handle.sync()
}

/** Resolves when a file's content and length are on the disk; its times may follow later. */
export function syncData(handle: FileHandle): Promise<void> {
  return isReplaced ? promisify(fdatasync)(handle.fd) : handle.datasync()
}
