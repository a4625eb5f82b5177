// What a wrong value shows of its author's mind is used: the message says what to write.
import { createClient, reconcile } from '@luma-callback/client'
import { createHandler, withSpool } from '@luma-callback/core'
import { saveUrl } from '@luma-callback/download'
import { redisInbox } from '@luma-callback/redis'
import { sqliteInbox } from '@luma-callback/sqlite'
import { auditEndpoint, startSimulator } from '@luma-callback/testing'
import { expect, test } from 'vitest'

const FUNCTIONS = {
  auditEndpoint: (options: object) => auditEndpoint({ url: 'http://127.0.0.1:1', ...options }),
  createClient: (options: object) => createClient({ apiKey: 'k', ...options }),
  createHandler: (options: object) => createHandler({ onSuccess: () => {}, ...options }),
  reconcile: (options: object) => reconcile(options as never),
  redisInbox: (options: object) => redisInbox('redis://127.0.0.1:1', options),
  saveUrl: (options: object) => saveUrl('https://a.example/a.mp4', { to: { write: async () => '' }, ...options }),
  sqliteInbox: (options: object) => sqliteInbox('never-made.db', options),
  startSimulator,
  withSpool: (options: object) => withSpool({} as never, {} as never, options),
}

async function messageOf(name: keyof typeof FUNCTIONS, options: object): Promise<string> {
  const called = (async () => FUNCTIONS[name](options))()
  const error: unknown = await called.catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(TypeError)
  return (error as TypeError).message
}

test.each<[name: keyof typeof FUNCTIONS, options: object, advice: string]>([
  ['sqliteInbox', { lease: '30s' }, 'from 1000 to 2147483647, in milliseconds; write 30000'],
  ['withSpool', { timeout: '3 s' }, 'of at least 1, in milliseconds; write 3000'],
  ['createClient', { timeout: '1m' }, 'write 60000'],
  ['startSimulator', { fileLifetime: '14d' }, 'write 1209600000'],
  [
    'saveUrl',
    { timeouts: { idle: '30S' } },
    'option "timeouts.idle" must be an integer from 1 to 2147483647, in milli',
  ],
  ['saveUrl', { timeouts: { idle: '30S' } }, 'write 30000'],
  ['saveUrl', { maxBytes: '2gb' }, 'an integer of at least 1, in bytes; write 2147483648'],
  ['createHandler', { tolerance: '5m' }, 'in seconds; write 300'],
  ['createClient', { retry: 3 }, 'must be an object with attempts, minDelay, maxDelay: write retry: { attempts: 3 }'],
  ['saveUrl', { retry: false }, 'to try once, write retry: { attempts: 1 }'],
  ['saveUrl', { signal: Promise.resolve() }, 'is a promise: await it first'],
  ['redisInbox', { keyPrefix: 'x' }, 'did you mean "prefix"?'],
  ['redisInbox', { every: 5 }, 'did you mean "pollInterval"?'],
  ['sqliteInbox', { timeout: 5 }, 'did you mean "busyTimeout"?'],
  ['saveUrl', { timeout: 5 }, 'did you mean "timeouts"?'],
  ['saveUrl', { retries: 5 }, 'did you mean "retry: { attempts }"?'],
  ['saveUrl', { retry: { retries: 5 } }, 'unknown option "retry.retries", did you mean "attempts"?'],
  ['startSimulator', { attempts: 5 }, 'did you mean "retries"?'],
  ['createClient', { token: 'k' }, 'did you mean "apiKey"?'],
  ['reconcile', { logger: console }, 'did you mean "observe"?'],
  ['auditEndpoint', { only: ['duplicate', 'damaged-promt'] }, 'its entry 2 is not one, did you mean "damaged-prompt"?'],
])('%s(%j)', async (name, options, advice) => {
  expect(await messageOf(name, options)).toContain(advice)
})

test.each<[name: keyof typeof FUNCTIONS, options: object]>([
  ['createHandler', { ackTimeout: '10m' }],
  ['createHandler', { tolerance: '500ms' }],
  ['createHandler', { tolerance: 10 ** 9 }],
  ['sqliteInbox', { lease: '5ms' }],
  ['sqliteInbox', { lease: '30 fortnights' }],
  ['createClient', { retry: { attempts: '3' } }],
])('nothing is advised that would be wrong again: %s(%j)', async (name, options) => {
  expect(await messageOf(name, options)).not.toContain('write')
})
