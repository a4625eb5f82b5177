import { saveResults, saveUrl } from '@luma-callback/download'
import fc from 'fast-check'
import { readdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { local, newDirectory, serve, startOrigin, videoOf } from '../helpers/origin.ts'

const BODY = videoOf(100)
const NASTY = [
  '../../etc/passwd',
  '..',
  '.',
  '/etc/passwd',
  String.raw`..\..\windows`,
  'a/b',
  'con',
  'CON',
  'aux.txt',
  'nul',
  'com1',
  'lpt9',
  'a\u0000b',
  'a\nb',
  'trailing.',
  'trailing ',
  ' leading',
  '~',
  '-rf',
  '%2e%2e%2f',
  'é'.repeat(255),
  'e\u0301',
  '\u00e9',
  'a\u202Egpm.exe',
  'A',
  'a',
  'ß',
  'ss',
  'file',
  '.a-1.part',
  '.a-1.part.lock',
  'a-1',
  'a-1-1',
  '💩',
  'x'.repeat(1_000),
]

async function fileNamesOf(ids: readonly string[]): Promise<{ names: string[]; directory: string }> {
  const { url } = await startOrigin((request, response) => serve(request, response, { body: BODY }))
  const directory = newDirectory()
  const results = await Promise.all(
    ids.map((taskId) => saveResults({ taskId, resultUrls: [url, url] }, local(join(directory, 'videos')))),
  )
  for (const { path = '' } of results.flat()) {
    expect(dirname(realpathSync(path))).toBe(realpathSync(join(directory, 'videos')))
  }
  return { names: results.flat().map(({ name }) => name), directory }
}

test('nothing in a task id leaves the directory, and no two tasks share a file, whatever the case of letters', async () => {
  const { names, directory } = await fileNamesOf(NASTY)
  expect(readdirSync(directory)).toEqual(['videos'])
  const files = readdirSync(join(directory, 'videos'))
  expect(files).toHaveLength(NASTY.length * 2)
  expect(new Set(names.map((name) => name.normalize('NFC').toLowerCase())).size).toBe(NASTY.length * 2)
  for (const name of names)
    expect(name).toMatch(/^(?!(?:con|prn|aux|nul|com\d|lpt\d)\.)[a-z0-9][a-z0-9_.-]{2,110}\.mp4$/)
})

test('a plain task id is the name of its files', async () => {
  const { names } = await fileNamesOf(['3d72a1c6-f0e1-4c2b-9d7f-0a1b2c3d4e5f'])
  expect(names).toEqual(['3d72a1c6-f0e1-4c2b-9d7f-0a1b2c3d4e5f-1.mp4', '3d72a1c6-f0e1-4c2b-9d7f-0a1b2c3d4e5f-2.mp4'])
})

test('whatever the ids are', async () => {
  const ids = fc.uniqueArray(fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), fc.constantFrom(...NASTY)), {
    minLength: 2,
    maxLength: 6,
  })
  await fc.assert(
    fc.asyncProperty(ids, async (some) => {
      const { names } = await fileNamesOf(some)
      expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(some.length * 2)
    }),
    { numRuns: 30 },
  )
})

test('a URL’s own name is its path’s, safe, and another path has another one', async () => {
  const { url } = await startOrigin((request, response) => serve(request, response, { body: BODY }))
  const base = new URL(url).origin
  const to = newDirectory()
  const paths = [
    '/My%20Video.MP4',
    '/a/../b',
    '/%2e%2e%2fetc%2fpasswd',
    '/',
    '/a/con.mp4',
    '/b/con.mp4',
    `/${'x'.repeat(500)}`,
  ]
  const names: string[] = []
  for (const path of paths) names.push((await saveUrl(base + path, local(to))).name)
  expect(new Set(names).size).toBe(paths.length)
  expect(readdirSync(to).toSorted()).toEqual(names.toSorted())
  for (const name of names) expect(name).toMatch(/^(?!con\.)[a-z0-9][a-z0-9_.-]{2,110}\.mp4$/)
  expect(await saveUrl(`${base}/My%20Video.MP4`, local(to))).toMatchObject({ name: names[0], alreadySaved: true })
})

test('URLs that differ in what they ask for only have names of their own, and each its own file', async () => {
  const bodies: Record<string, Buffer> = {
    '/dl?id=1': videoOf(1_000),
    '/dl?id=2': videoOf(2_000),
    '/dl': videoOf(3_000),
  }
  const { url } = await startOrigin((request, response) =>
    serve(request, response, { body: bodies[request.url ?? ''] ?? BODY }),
  )
  const to = newDirectory()
  for (const isThere of [false, true]) {
    for (const [path, body] of Object.entries(bodies)) {
      const saved = await saveUrl(new URL(path, url).href, local(to))
      expect(saved).toMatchObject({ bytes: body.length, alreadySaved: isThere, name: expect.stringMatching(/^dl\./) })
    }
  }
  expect(readdirSync(to)).toHaveLength(3)
})
