import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { startCommand } from '../helpers/child.ts'
import { canNetwork, networkReason } from '../helpers/namespaces.ts'
import type { Told } from './network/tell.ts'

// A network of our own with a name server of its own, in which both public and private addresses are ours: what counts
// is not what the library says, but whether anybody connects. Needs `unshare` and `ip`, which not every system has.
describe.runIf(canNetwork)(`in a network with private addresses on it${networkReason}`, () => {
  let told: Told

  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'luma-network-'))
    try {
      const args = [
        '--map-root-user',
        '--mount',
        '--net',
        'sh',
        'test/download/network/run.sh',
        directory,
        process.execPath,
      ]
      const child = startCommand('unshare', args, {}, () => {})
      expect(await child.ended, child.output()).toBe(0)
      told = JSON.parse(
        child
          .output()
          .split('\n')
          .findLast((line) => line.startsWith('{')) ?? '',
      ) as Told
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  test('public addresses are asked, by name and as they are', () => {
    expect(told.controls.filter(({ outcome }) => outcome !== 'saved')).toEqual([])
    expect(told.controls.length).toBeGreaterThan(5)
  })

  test('the private ones would have taken a connection', () => {
    expect(told.reachable.filter(({ accepted }) => !accepted)).toEqual([])
    expect(told.reachable.length).toBeGreaterThan(10)
  })

  test('no connection to them is even opened', () => {
    expect(told.accepted).toEqual([])
  })

  test('each is refused, and trying again is said to be of no use', () => {
    expect(told.attacks.filter(({ outcome }) => outcome !== 'ERR_LUMA_DOWNLOAD_REFUSED')).toEqual([])
    expect(told.attacks.length).toBeGreaterThan(80)
  })
})
