import { runInNewContext } from 'node:vm'
import { ApiError } from '@luma-callback/client'
import * as core from '@luma-callback/core'
import { DownloadError } from '@luma-callback/download'
import { NoAnswer } from '@luma-callback/testing'
import { describe, expect, test } from 'vitest'
import { otherCore } from '../helpers/other-copy.ts'

const { isLumaError } = core

const get = (): never => {
  throw new Error('do not look at me')
}

describe('an error of ours', () => {
  test('is told by its code, and is not another one', () => {
    const error: unknown = new core.ForgedError('no')
    expect(isLumaError(error)).toBe(true)
    expect(isLumaError(error, 'ERR_LUMA_FORGED')).toBe(true)
    expect(isLumaError(error, 'ERR_LUMA_CLOSED')).toBe(false)
  })

  test('of another copy of the package is told all the same', () => {
    const error: unknown = new otherCore.UnrecoverableError('no order')
    expect(error).not.toBeInstanceOf(core.LumaError)
    expect(isLumaError(error, 'ERR_LUMA_UNRECOVERABLE')).toBe(true)
    expect(otherCore.isLumaError(new core.ClosedError('closed'), 'ERR_LUMA_CLOSED')).toBe(true)
  })

  test('of a class of the user’s own that extends one of ours is told by the code that it inherits', () => {
    class NoOrder extends core.UnrecoverableError {}
    expect(isLumaError(new NoOrder('no order'), 'ERR_LUMA_UNRECOVERABLE')).toBe(true)
  })

  test('of each package is one', () => {
    const api = new ApiError('no', { code: 'ERR_LUMA_API_NOT_FOUND', retryable: false, mayHaveActed: false })
    expect(isLumaError(api, 'ERR_LUMA_API_NOT_FOUND')).toBe(true)
    const download = new DownloadError('ERR_LUMA_DOWNLOAD_STATUS', 'no', { retryable: true, status: 503 })
    expect(isLumaError(download, 'ERR_LUMA_DOWNLOAD_STATUS') && download.status).toBe(503)
    expect(isLumaError(new NoAnswer('none'), 'ERR_LUMA_NO_ANSWER')).toBe(true)
  })

  test('that is frozen, or behind a proxy that hides nothing, is one', () => {
    expect(isLumaError(Object.freeze(new core.BusyError('busy')), 'ERR_LUMA_BUSY')).toBe(true)
    expect(isLumaError(new Proxy(new core.BusyError('busy'), {}), 'ERR_LUMA_BUSY')).toBe(true)
  })

  test('carries its brand where no list of its fields shows it', () => {
    const error = new core.BusyError('busy')
    expect(Object.getOwnPropertySymbols(error)).toEqual([])
    expect(JSON.parse(JSON.stringify(error))).toEqual({ code: 'ERR_LUMA_BUSY', retryable: true })
  })
})

const { proxy: revoked, revoke } = Proxy.revocable(new core.ForgedError('no'), {})
revoke()

test.each<[what: string, thrown: unknown]>([
  ['null', null],
  ['undefined', undefined],
  ['a text', 'ERR_LUMA_FORGED'],
  ['a function', () => {}],
  ['an Error', new Error('no')],
  ['an error of Node with a code', Object.assign(new Error('no'), { code: 'ECONNREFUSED' })],
  ['an error that only has a code of ours', Object.assign(new Error('no'), { code: 'ERR_LUMA_FORGED' })],
  ['an error that only has a name of ours', Object.assign(new Error('no'), { name: 'ForgedError' })],
  ['an Error of another realm', runInNewContext("Object.assign(new Error('no'), { code: 'ERR_LUMA_FORGED' })")],
  ['the prototype of a class of ours', core.ForgedError.prototype],
  ['an error of ours with a code that throws', Object.defineProperty(new core.ForgedError('no'), 'code', { get })],
  ['an error of ours with a code that is no text', Object.assign(new core.ForgedError('no'), { code: 7 })],
  ['a proxy that throws', new Proxy(new core.ForgedError('no'), { get })],
  ['a proxy that was revoked', revoked],
])('%s is none, and nothing is thrown', (_what, thrown) => {
  expect(isLumaError(thrown)).toBe(false)
  expect(isLumaError(thrown, 'ERR_LUMA_FORGED')).toBe(false)
})

test('the brand is the same in every realm', () => {
  const branded = runInNewContext(`
    class LumaError extends Error {}
    LumaError.prototype[Symbol.for('luma-callback.error')] = true
    Object.assign(new LumaError('no'), { code: 'ERR_LUMA_FORGED', retryable: false })`) as unknown
  expect(isLumaError(branded, 'ERR_LUMA_FORGED')).toBe(true)
})
