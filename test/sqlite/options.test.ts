import { NodeVersionError } from '@luma-callback/core'
import { sqliteInbox } from '@luma-callback/sqlite'
import { afterEach, describe, expect, test, vi } from 'vitest'

describe('options', () => {
  test.each([
    ['busyTimeout', -1],
    ['busyTimeout', '5s'],
    ['lease', 999],
    ['lease', 1e12],
    ['lease', Number.NaN],
    ['pollInterval', 0],
    ['pollInterval', 0.5],
  ])('%s: %s is refused by name', (name, value) => {
    expect(() => sqliteInbox('luma.db', { [name]: value })).toThrow(TypeError)
    expect(() => sqliteInbox('luma.db', { [name]: value })).toThrow(`"${name}"`)
  })

  test('one that is not known is refused, and the known ones are named', () => {
    expect(() => sqliteInbox('luma.db', { timeout: 1 } as object)).toThrow(
      'sqliteInbox: unknown option "timeout", did you mean "busyTimeout"? Known are busyTimeout, lease, pollInterval',
    )
  })

  test.each([[''], [':memory:'], ['a\0b'], [undefined], [{}]])('%j is no file to keep anything in', (file) => {
    expect(() => sqliteInbox(file as string)).toThrow(/^sqliteInbox: the file must be a path/)
  })

  test('undefined means the default', () => {
    expect(sqliteInbox('luma.db', { lease: undefined })).toHaveProperty('record')
  })
})

describe('the version of Node', () => {
  afterEach(() => vi.unstubAllGlobals())

  test.each(['20.19.0', '22.12.9'])('%s is too old, which is said at construction', (version) => {
    vi.stubGlobal('process', { ...process, versions: { ...process.versions, node: version } })
    expect(() => sqliteInbox('luma.db')).toThrow(NodeVersionError)
    expect(() => sqliteInbox('luma.db')).toThrow(`needs Node 22.13 or later for its node:sqlite, this is ${version}`)
    expect(() => sqliteInbox('luma.db')).toThrow(expect.objectContaining({ code: 'ERR_LUMA_NODE_VERSION' }))
  })

  test.each(['22.13.0', '24.0.0', '26.10.0'])('%s will do', (version) => {
    vi.stubGlobal('process', { ...process, versions: { ...process.versions, node: version } })
    expect(sqliteInbox('luma.db')).toHaveProperty('record')
  })
})
