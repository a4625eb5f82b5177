import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'

const packages = readdirSync(join(ROOT, 'packages'))

/** The folders of a package's source, from the top down. A file may import from its own folder and from those below it. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  core: [
    'entry',
    'mount',
    'receive',
    'options',
    'wait',
    'verify',
    'request',
    'direct',
    'inbox',
    'hooks',
    'events',
    'callback',
    'errors',
    'internal',
  ],
  download: ['save', 'request', 'target', 'lock', 'guard'],
}

/** Which files each file of a package imports, types included; paths are relative to its `src`. */
function importsOf(name: string): Map<string, string[]> {
  const src = join(ROOT, 'packages', name, 'src')
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(src, file), 'utf8')
      const specifiers = [...text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].map(([, specifier = '']) => specifier)
      const targets = specifiers.map((specifier) => relative(src, resolve(src, dirname(file), specifier)))
      return [file, targets.filter((target) => !target.startsWith('..'))]
    }),
  )
}

/** Each circle of imports, as the way round it. */
function circlesIn(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const circles = new Set<string>()
  const done = new Set<string>()

  function visit(file: string, way: readonly string[]): void {
    const start = way.indexOf(file)
    if (start !== -1) return void circles.add([...way.slice(start), file].join(' -> '))
    if (done.has(file)) return
    for (const next of imports.get(file) ?? []) visit(next, [...way, file])
    done.add(file)
  }
  for (const file of imports.keys()) visit(file, [])
  return [...circles]
}

test.each(packages)('no file of %s imports itself through others', (name) => {
  expect(circlesIn(importsOf(name))).toEqual([])
})

describe.each(Object.entries(ROOMS))('in the rooms of %s', (name, rooms) => {
  const imports = importsOf(name)
  const roomOf = (file: string) => (file.includes('/') ? dirname(file) : undefined)

  test('every room is known', () => {
    const found = new Set([...imports.keys()].map(roomOf).filter((room) => room !== undefined))
    expect([...found].toSorted()).toEqual(rooms.toSorted())
  })

  test('imports run down only', () => {
    const upward: string[] = []
    for (const [file, targets] of imports) {
      const from = roomOf(file)
      for (const target of targets) {
        const to = roomOf(target)
        // A file outside the rooms is the table of contents, above them, or one that all rooms stand on.
        if (from === undefined || to === undefined) continue
        if (rooms.indexOf(to) < rooms.indexOf(from)) upward.push(`${file} imports ${target}`)
      }
    }
    expect(upward).toEqual([])
  })
})

test('the page for contributors shows the rooms of core, from the top down', () => {
  const page = readFileSync(join(ROOT, '.github/CONTRIBUTING.md'), 'utf8')
  const [, section = ''] = /### The rooms of core([\s\S]*?)\n## /.exec(page) ?? []
  const rows = [...section.matchAll(/^\| `(\w+)` /gm)].map(([, room]) => room)
  expect(rows).toEqual(ROOMS['core'])
})
