import { ApiError, createClient, type ClientOptions } from '@luma-callback/client'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { clientOf, fakeApi } from '../helpers/api.ts'

const KEY = 'key-of-the-account'
const refusal = (code: number, msg: string) => ({ body: { code, msg, data: null } })

async function errorOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error as Error,
  )
}

/** Whatever of a value can get into a log. */
function shown(value: unknown): string {
  const { message, stack, cause } = value as Partial<Error>
  return [message, stack, String(cause), inspect(value, { depth: 20, showHidden: true }), JSON.stringify(value)].join()
}

describe('the key', () => {
  test('is sent to the API, and never to where that would redirect', async () => {
    const other = await fakeApi(() => ({ body: {} }))
    const api = await fakeApi(() => ({ status: 302, headers: { location: other.url }, body: '' }))
    const error = await errorOf(clientOf(api).details('t'))
    expect(error).toMatchObject({ code: 'ERR_LUMA_API_CONNECTION' })
    expect(api.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(other.requests).toHaveLength(0)
  })

  test.each([
    ['a refusal', refusal(401, 'no')],
    ['a refusal that echoes it', refusal(401, `invalid key ${KEY}, or Bearer ${KEY}`)],
    ['one that echoes it at the end of a long message', refusal(500, `${'x'.repeat(295)}${KEY}`)],
    ['an answer that cannot be read', { body: KEY }],
    ['a cut connection', { body: null }],
    ['no answer', {}],
  ])('is in no error, and nothing that is printed shows it: %s', async (_, answer) => {
    const api = await fakeApi(() => answer)
    const client = clientOf(api, { timeout: 50 })
    const error = await errorOf(client.details('t'))
    expect(error).toBeInstanceOf(ApiError)
    // No part of it either.
    expect(shown(error)).not.toContain(KEY.slice(0, 5))
    expect(shown(client)).not.toContain(KEY)
  })

  test.each([
    ['an error that holds the request', (init: RequestInit) => Object.assign(new Error('boom'), { request: init })],
    ['an error whose message has it', () => new Error(`bad header Bearer ${KEY}`)],
    ['one whose cause has it', (init: RequestInit) => new TypeError('failed', { cause: { init, message: KEY } })],
    ['one whose cause is an error', (init: RequestInit) => new Error('a', { cause: new Error(KEY, { cause: init }) })],
    [
      'an error of another realm',
      () => ({ name: 'TypeError', message: `Bearer ${KEY}`, stack: KEY, code: 'ECONNREFUSED' }),
    ],
    ['something else', (init: RequestInit) => init],
    ['nothing', () => undefined],
  ])('is not shown by what a fetch of the user’s own throws: %s', async (_, made) => {
    const own: typeof fetch = async (_url, init = {}) => {
      throw made(init)
    }
    const error = await errorOf(createClient({ apiKey: KEY, fetch: own, retry: { attempts: 1 } }).details('t'))
    expect(error).toMatchObject({ code: 'ERR_LUMA_API_CONNECTION' })
    expect(shown(error)).not.toContain(KEY)
  })

  test.each([
    [{ apiKey: `${KEY} ` }, 'option "apiKey" must be the key of your account'],
    [{ apiKey: `${KEY}\n` }, 'option "apiKey" must be the key of your account'],
    [{ apiKey: 'k', baseUrl: `https://user:${KEY}@127.0.0.1` }, 'option "baseUrl" must be an http(s) URL without'],
    [{ apiKey: 'k', baseUrl: `https://${KEY}@127.0.0.1` }, 'option "baseUrl" must be an http(s) URL without'],
    [{ apiKey: 'k', baseUrl: `https://127.0.0.1/?key=${KEY}` }, 'option "baseUrl" must be an http(s) URL without'],
  ])('is not shown where an option is refused', (options: ClientOptions, message) => {
    const error = thrownBy(() => createClient(options))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain(`createClient: ${message}`)
    expect(shown(error)).not.toContain(KEY)
  })
})

function thrownBy(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  return expect.unreachable('it should have thrown')
}
