import { expect, test } from 'vitest'
import { hasSignatureShape, readSignature } from '../../packages/core/src/verify/signature.ts'

const TIMESTAMP = '1700000000'
const SIGNATURE = `${'A'.repeat(43)}=`

test.each<[string, string | string[] | undefined, string | string[] | undefined, boolean]>([
  ['both headers in their right shape', TIMESTAMP, SIGNATURE, true],
  ['no timestamp', undefined, SIGNATURE, false],
  ['no signature', TIMESTAMP, undefined, false],
  ['a timestamp that is no number', 'now', SIGNATURE, false],
  ['a signature that is too short', TIMESTAMP, 'AAAA', false],
  ['a timestamp in a list, as a host may give it', [TIMESTAMP], SIGNATURE, false],
  ['a signature in a list', TIMESTAMP, [SIGNATURE], false],
])('a request with %s', (_what, timestamp, signature, expected) => {
  expect(hasSignatureShape({ 'x-webhook-timestamp': timestamp, 'x-webhook-signature': signature })).toBe(expected)
})

test.each([
  ['timestamp', { 'x-webhook-signature': SIGNATURE }],
  ['signature', { 'x-webhook-timestamp': TIMESTAMP }],
])('without its %s header it is told that one is missing', (_which, headers) => {
  const read = (): unknown => readSignature(headers, { tolerance: 300, now: Number(TIMESTAMP) * 1_000 })
  expect(read).toThrow(expect.objectContaining({ detail: 'a signature header is missing' }))
})

test.each([
  [300, undefined],
  [301, 'behind'],
  [-300, undefined],
  [-301, 'ahead of'],
])('a time that is %d s old is tolerated up to 300 s', (age, direction) => {
  const headers = { 'x-webhook-timestamp': TIMESTAMP, 'x-webhook-signature': SIGNATURE }
  const read = (): unknown => readSignature(headers, { tolerance: 300, now: (Number(TIMESTAMP) + age) * 1_000 })
  if (direction === undefined) return expect(read()).toEqual({ timestamp: TIMESTAMP, signature: SIGNATURE })
  const detail = expect.stringContaining(`is 301 s ${direction} this clock`) as string
  expect(read).toThrow(expect.objectContaining({ detail }))
})
