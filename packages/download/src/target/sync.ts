import { fdatasync, fsync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'

// Yarn's Plug'n'Play replaces Node's file handles, and its `sync` and `datasync` throw "Method not implemented". The functions
// that take a descriptor still work there. Elsewhere the handle is better, because it stays open until the sync is done.
const isReplaced = process.versions['pnp'] !== undefined

/** Resolves when a file is on the disk, with its metadata. */
export function syncAll(handle: FileHandle): Promise<void> {
  return isReplaced ? promisify(fsync)(handle.fd) : handle.sync()
}

/** Resolves when a file's content and length are on the disk, but maybe not its times. */
export function syncData(handle: FileHandle): Promise<void> {
  return isReplaced ? promisify(fdatasync)(handle.fd) : handle.datasync()
}
