import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startChild } from '../helpers/child.ts'
import { newDirectory } from '../helpers/origin.ts'

test('examples/submit submits a task to a simulator, waits, and saves the video', async () => {
  const directory = newDirectory()
  const env = { LUMA_API_KEY: '', LUMA_VIDEOS: directory }
  const program = startChild('examples/submit/submit.js', ['a fox'], env)
  expect(await program.ended, program.output()).toBe(0)
  const [, path = '', sha256] = /saved (\S+), \d+ bytes, sha256 (\w+)/.exec(program.output()) ?? []
  expect(path.startsWith(directory)).toBe(true)
  expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(sha256)
})
