// A first try that goes wrong is told what to write.
import { EventEmitter } from 'node:events'
import { createHandler, memoryDedupe, type Inbox } from '@luma-callback/core'
import { toOptions } from '@luma-callback/core/adapter'
import { createClient, confirm } from '@luma-callback/client'
import { lumaCallback as expressCallback } from '@luma-callback/express'
import { lumaCallback as koaCallback } from '@luma-callback/koa'
import { postgresDedupe, postgresInbox } from '@luma-callback/postgres'
import { redisDedupe, redisInbox } from '@luma-callback/redis'
import { sqliteInbox } from '@luma-callback/sqlite'
import express from 'express'
import { Redis } from 'ioredis'
import Koa from 'koa'
import { Pool } from 'pg'
import { describe, expect, test, vi } from 'vitest'

const onSuccess = () => {}
const onFailure = () => {}
const HIDDEN = 'hunter2'
const inbox: Inbox = { record: async () => 'recorded', start: async () => {}, close: async () => {} }

/** What a call throws: always a TypeError, and never with a secret in it. */
function complaint(make: () => unknown): string {
  try {
    make()
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    const { message } = error as TypeError
    expect(message).toMatch(/^lumaCallback/)
    expect(message).not.toContain(HIDDEN)
    return message
  }
  return 'nothing was thrown'
}

function optionComplaint(options: object): string {
  return complaint(() => createHandler({ onSuccess, ...options }))
}

describe.each([
  ['Express', expressCallback],
  ['Koa', koaCallback],
])('%s: how lumaCallback is called', (_framework, lumaCallback) => {
  const call = (...given: unknown[]) => complaint(() => Reflect.apply(lumaCallback, undefined, given))

  test.each<[string, unknown[], string]>([
    ['with two hooks', [onSuccess, onFailure], 'lumaCallback({ onSuccess, onFailure })'],
    ['with two hooks and options', [onSuccess, onFailure, {}], 'lumaCallback({ onSuccess, onFailure })'],
    ['with options and a hook', [{ onSuccess }, onFailure], 'lumaCallback({ onSuccess, onFailure })'],
    ['with a path', ['/hooks/luma', onSuccess], "app.use('/path', lumaCallback(onSuccess))"],
    ['with a path alone', ['/hooks/luma'], "lumaCallback(onSuccess, { path: '/path' })"],
    ['with a secret in place of a path', [HIDDEN, onSuccess], 'the path is not its first argument'],
    ['with a pattern', [/^\/hooks/, onSuccess], "app.use('/path', lumaCallback(onSuccess))"],
    ['with a path at the end', [onSuccess, '/hooks/luma'], "lumaCallback(onSuccess, { path: '/path' })"],
    ['with a secret at the end', [onSuccess, HIDDEN], 'options are an object'],
    ['with nothing', [], 'give it a function to call on success'],
    ['with null', [null], 'give it a function to call on success'],
    ['with a function’s result', [(async () => {})()], 'give the function itself, without calling it'],
    ['with a list of hooks', [[onSuccess, onFailure]], 'lumaCallback({ onSuccess, onFailure })'],
    ['with a list of options', [[{ onSuccess }]], 'lumaCallback({ onSuccess, onFailure })'],
    ['with an inbox', [onSuccess, inbox], 'lumaCallback(onSuccess, { inbox })'],
    ['with options that are to come', [onSuccess, Promise.resolve({})], 'await them first'],
    ['with null options', [onSuccess, null], 'options are an object'],
    ['with a list in place of options', [onSuccess, [{}]], 'options are an object'],
    ['with a number', [onSuccess, 3000], 'options are an object'],
    ['with the application of Express', [express()], 'app.use(lumaCallback(onSuccess))'],
    ['with the application of Koa', [new Koa()], 'app.use(lumaCallback(onSuccess))'],
    ['with a receiver', [expressCallback(onSuccess)], 'is a receiver already'],
    ['with two sets of options', [{ onSuccess }, {}], 'not two sets of options'],
    ['with a hook at the end', [onSuccess, {}, onFailure], 'lumaCallback({ onSuccess, onFailure })'],
    ['with a hook behind a gap', [onSuccess, undefined, onFailure], 'lumaCallback({ onSuccess, onFailure })'],
    ['with options and more of them', [onSuccess, {}, {}], 'takes a hook and one set of options'],
    ['with a request', [{ headers: {}, method: 'POST' }, {}, () => {}], 'app.use(lumaCallback(onSuccess))'],
  ])('%s', (_what, given, advice) => {
    expect(call(...given)).toContain(advice)
  })

  test('with new, it is a receiver all the same', () => {
    const luma: unknown = Reflect.construct(lumaCallback, [onSuccess])
    expect(luma).toBeTypeOf('function')
    expect(luma).toHaveProperty('close')
  })
})

test('createHandler takes options alone', () => {
  expect(complaint(() => createHandler(onSuccess as never))).toContain('createHandler({ onSuccess })')
})

test('a hook that could never run is refused', () => {
  class Hook {
    run = onSuccess
  }
  const wrong: [unknown, string][] = [
    [undefined, 'is missing'],
    [Promise.resolve(), 'is a promise'],
    [Hook, 'is a class'],
    [function* hook() {}, 'is a generator'],
    [async function* hook() {}, 'is a generator'],
  ]
  for (const [hook, why] of wrong) {
    expect(complaint(() => createHandler({ onSuccess: hook } as never))).toContain(`option "onSuccess" ${why}`)
    if (hook) expect(optionComplaint({ onFailure: hook })).toContain(`option "onFailure" ${why}`)
  }
  for (const hook of [
    vi.fn(),
    async () => {},
    function classify() {},
    onSuccess.bind(null),
    new Proxy(onSuccess, {}),
  ]) {
    expect(optionComplaint({ onFailure: hook })).toBe('nothing was thrown')
  }
})

const client = createClient({ apiKey: HIDDEN })
const redis = new Redis({ lazyConnect: true, password: HIDDEN })
const pool = new Pool({ password: HIDDEN })
const database = { prepare: () => {}, exec: () => {}, close: () => {} }
const nodeRedis = Object.assign(new EventEmitter(), { sendCommand: () => {}, isOpen: true })

test.each<[string, unknown, string]>([
  ['inbox', 'luma.db', "sqliteInbox('luma.db'), from @luma-callback/sqlite"],
  ['inbox', '/var/lib/luma.db', "sqliteInbox('luma.db')"],
  ['inbox', 'C:\\luma.db', "sqliteInbox('luma.db')"],
  ['inbox', 'file:luma.db', "sqliteInbox('luma.db')"],
  ['inbox', ':memory:', "sqliteInbox('luma.db')"],
  ['inbox', '', "sqliteInbox('luma.db')"],
  ['inbox', `redis://:${HIDDEN}@localhost`, 'redisInbox(url), from @luma-callback/redis'],
  ['inbox', `rediss://:${HIDDEN}@localhost`, 'redisInbox(url)'],
  ['inbox', new URL(`redis://:${HIDDEN}@localhost`), 'redisInbox(url)'],
  ['inbox', `postgres://me:${HIDDEN}@localhost/shop`, 'postgresInbox(url), from @luma-callback/postgres'],
  ['inbox', `PostgreSQL://me:${HIDDEN}@localhost/shop`, 'postgresInbox(url)'],
  ['inbox', `mysql://me:${HIDDEN}@localhost/shop`, 'there is no inbox for another kind of URL'],
  ['inbox', sqliteInbox, 'call it'],
  ['inbox', redisInbox, 'call it'],
  ['inbox', postgresInbox, 'call it'],
  ['inbox', Promise.resolve(inbox), 'is a promise: await it first'],
  ['inbox', memoryDedupe(), 'give it as the option "dedupe"'],
  ['inbox', redis, 'redisInbox(connection)'],
  ['inbox', nodeRedis, 'redisInbox(connection)'],
  ['inbox', pool, 'postgresInbox(pool)'],
  ['inbox', database, 'give its file'],
  ['inbox', { file: 'luma.db' }, "as sqliteInbox('luma.db') makes it"],
  ['inbox', true, "as sqliteInbox('luma.db') makes it"],
  ['dedupe', `redis://:${HIDDEN}@localhost`, 'redisDedupe(url), from @luma-callback/redis'],
  ['dedupe', `postgres://me:${HIDDEN}@localhost/shop`, 'postgresDedupe(url), from @luma-callback/postgres'],
  ['dedupe', 'memory', 'as memoryDedupe() makes it'],
  ['dedupe', redisDedupe, 'call it'],
  ['dedupe', postgresDedupe, 'call it'],
  ['dedupe', memoryDedupe, 'memoryDedupe()'],
  ['dedupe', redis, 'redisDedupe(connection)'],
  ['dedupe', pool, 'postgresDedupe(pool)'],
  ['dedupe', inbox, 'give it as the option "inbox"'],
  ['dedupe', Promise.resolve(memoryDedupe()), 'await it first'],
  ['dedupe', new Map(), 'as memoryDedupe() makes it'],
  ['tolerance', 300_000, 'in seconds, not milliseconds: for 300000 ms write 300'],
  ['tolerance', 86_400_000, 'write 86400'],
  ['tolerance', 300_500, 'in seconds'],
  ['tolerance', '300', 'in seconds'],
  ['tolerance', '5m', 'in seconds'],
  ['tolerance', 0, 'in seconds'],
  ['ackTimeout', 15_000, 'in milliseconds: the provider waits 15 s'],
  ['ackTimeout', '10s', 'write 10000'],
  ['hookTimeout', '10m', 'in milliseconds; write 600000'],
  ['hookTimeout', 0.5, 'in milliseconds'],
  ['bodyTimeout', '5 s', 'in milliseconds; write 5000'],
  ['retention', '14d', 'in milliseconds; write 1209600000'],
  ['retention', 14, 'in milliseconds, the tolerance in seconds'],
  ['retry', 5, 'retry: { attempts: 5 }'],
  ['retry', 0, 'retry: { attempts: 1 }'],
  ['retry', false, 'retry: { attempts: 1 }'],
  ['retry', true, 'must be an object'],
  ['retry.minDelay', '1s', 'in milliseconds; write 1000'],
  ['observe', console, '(event) => console.log(describeEvent(event))'],
  ['observe', { info: () => {} }, 'must be a function'],
  ['key', 'taskId', '(callback) => callback.taskId'],
  ['verify', client, 'confirm(client)'],
  ['trust', client, 'trust: confirm(client)'],
  ['trust', confirm, 'call it'],
  ['trust', true, 'confirm(client)'],
  ['secret', null, 'is null; is an environment variable not set?'],
  ['secret', undefined, 'is undefined; is an environment variable not set?'],
  ['secret', '', 'is an environment variable set to nothing?'],
  ['secret', 'undefined', 'is a variable not set?'],
  ['secret', [HIDDEN, 'null'], 'is a variable not set?'],
  ['secret', Buffer.from(HIDDEN), 'give the key as text'],
  ['secret', Promise.resolve(HIDDEN), 'await it first'],
  ['secret', { current: HIDDEN }, 'must be a string'],
])('a wrong %s, row %$', (name, value, advice) => {
  const [top = '', inner] = name.split('.')
  const message = optionComplaint({ [top]: inner === undefined ? value : { [inner]: value } })
  expect(message).toContain(`option "${name}"`)
  expect(message).toContain(advice)
})

test.each([
  ['hookTimeout', 30],
  ['ackTimeout', 10],
  ['bodyTimeout', 5],
  ['tolerance', 60_000],
  ['retention', 1_209_600],
])('what may be meant is taken: %s %d', (name, value) => {
  expect(optionComplaint({ [name]: value, ...(name === 'tolerance' && { retention: 10 ** 9 }) })).toBe(
    'nothing was thrown',
  )
})

test.each([
  ['onsuccess', '"onSuccess"'],
  ['on_success', '"onSuccess"'],
  ['ON-SUCCESS', '"onSuccess"'],
  ['onSucess', '"onSuccess"'],
  ['onFailiure', '"onFailure"'],
  ['onFail', '"onFailure"'],
  ['secrets', '"secret"'],
  ['webhookHmacKey', '"secret"'],
  ['timeout', '"hookTimeout" or "ackTimeout"'],
  ['hook_timeout', '"hookTimeout"'],
  ['attempts', '"retry: { attempts }"'],
  ['retrys', '"retry"'],
  ['logger', '"observe"'],
  ['concurency', '"concurrency"'],
  ['body_limit', '"bodyLimit"'],
  ['retry.attempt', '"attempts"'],
  ['retry.max_delay', '"maxDelay"'],
])('an option that is misspelt as %s: did you mean %s?', (name, meant) => {
  const [top = '', inner] = name.split('.')
  const message = optionComplaint({ [top]: inner === undefined ? onFailure : { [inner]: 5 } })
  expect(message).toContain(`unknown option "${name}", did you mean ${meant}? Known are `)
})

test.each(['toString', 'constructor', 'hasOwnProperty', 'x', '', 'somethingElseAltogether', 'ö', 'a'.repeat(5_000)])(
  'an option that is like none: nothing is guessed (%s)',
  (name) => {
    const message = optionComplaint({ [name]: 5 })
    expect(message).toMatch(/unknown option ".*"\. Known are /s)
    expect(message.length).toBeLessThan(800)
  },
)

test('a forged name breaks no line', () => {
  const message = optionComplaint({ 'x\n\u001b[31m': 5 })
  expect(message).not.toContain('\n')
  expect(message).not.toContain('\u001b')
})

test('toOptions changes nothing that was right', () => {
  expect(toOptions(onSuccess, undefined)).toEqual({ onSuccess })
  const luma = { onSuccess, inbox }
  expect(toOptions(luma)).toBe(luma)
})
