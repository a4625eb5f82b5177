import { readFile } from 'node:fs/promises'
import { arrayBuffer } from 'node:stream/consumers'
import { Failure } from './failure.ts'

/** Reads a file; `-` is the standard input. */
export async function readInput(file: string): Promise<Buffer<ArrayBuffer>> {
  try {
    return file === '-' ? Buffer.from(await arrayBuffer(process.stdin)) : await readFile(file)
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${(error as Error).message}`, { exitCode: 2 })
  }
}
