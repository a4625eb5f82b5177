import Router from '@koa/router'
import { lumaCallback as expressCallback } from '@luma-callback/express'
import { lumaCallback as koaCallback } from '@luma-callback/koa'
import express5 from 'express'
import fc from 'fast-check'
import Koa3 from 'koa'
import { createServer, request as call, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { describe, expect, onTestFinished, test } from 'vitest'
import { post } from '../helpers/requests.ts'
import { listen } from '../helpers/servers.ts'
import { successOf } from '../helpers/signed.ts'

const require = createRequire(import.meta.url)
const express4 = require('express4') as typeof express5
const Koa2 = require('koa2') as typeof Koa3

interface Rules {
  sensitive: boolean
  strict: boolean
}

/** An application that answers 204 by a route at the path, and one with a receiver in use that has this path. */
type Pair = (path: string, rules: Rules) => { route: RequestListener; receiver: RequestListener }

function expressPair(express: typeof express5): Pair {
  const make = ({ sensitive, strict }: Rules) =>
    express().set('case sensitive routing', sensitive).set('strict routing', strict)
  return (path, rules) => ({
    route: make(rules).post(path, (_request, response) => void response.status(204).end()),
    receiver: make(rules)
      .use(expressCallback({ onSuccess: () => {}, secret: 'key', observe: () => {}, path }))
      .use((_request, response) => void response.status(404).end()),
  })
}

function koaPair(Koa: typeof Koa3): Pair {
  const listener = (used: Koa3.Middleware): RequestListener => {
    const app = new Koa()
    app.use(used)
    const callback = app.callback()
    return (request, response) => void callback(request, response)
  }
  return (path) => {
    const router = new Router().post(path, (context) => {
      context.status = 204
    })
    const luma = koaCallback({ onSuccess: () => {}, secret: 'key', observe: () => {}, path })
    return { route: listener(router.routes() as unknown as Koa3.Middleware), receiver: listener(luma) }
  }
}

const LOOSE = { sensitive: false, strict: false }
const everyRule = [true, false].flatMap((sensitive) => [true, false].map((strict) => ({ sensitive, strict })))
// A route of @koa/router with a slash at its end is not called without it; a receiver's path is, everywhere.
const frameworks = [
  { name: 'Express 5', pair: expressPair(express5), rules: everyRule, ends: ['', '/'] },
  { name: 'Express 4', pair: expressPair(express4), rules: everyRule, ends: ['', '/'] },
  { name: 'Koa 3', pair: koaPair(Koa3), rules: [LOOSE], ends: [''] },
  { name: 'Koa 2', pair: koaPair(Koa2), rules: [LOOSE], ends: [''] },
]

/** The status of a POST to a target that is sent as it stands: fetch would tidy it up. */
function statusOf(port: number, target: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = call({ port, host: '127.0.0.1', method: 'POST', path: target }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode))
    })
    request.once('error', reject).end()
  })
}

// No `$`, which Express 4 takes for a pattern's.
const segment = fc.oneof(
  fc.constantFrom(
    'luma',
    'Hooks',
    'v1.2',
    'a-b',
    'a%20b',
    'caf%C3%A9',
    'caf%c3%a9',
    '%6C',
    'a@b',
    "a'b",
    'a,b;c=d',
    '~x',
    'a&b',
  ),
  fc.stringMatching(/^[a-zA-Z0-9._~-]{1,6}$/).filter((text) => !/^\.+$/.test(text)),
)
const pathOf = (ends: readonly string[]) =>
  fc
    .tuple(fc.array(segment, { minLength: 1, maxLength: 3 }), fc.constantFrom(...ends))
    .map(([segments, end]) => `/${segments.join('/')}${end}`)

/** How the URL that is called differs from the path that was given. */
const changes: readonly ((path: string) => string)[] = [
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
  (text) => `${text}/`,
  (text) => `${text}//`,
  (text) => text.replace(/\/$/, ''),
  (text) => `/${text}`,
  (text) => text.replace(/(.)\//, '$1//'),
  (text) => `${text}?order=42&a=/b`,
  (text) => `${text}/?order=42`,
  (text) => `${text}#part`,
  (text) => `http://localhost${text}`,
  (text) => text.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  (text) => decodeURI(text).replaceAll(/[^!-~]/g, '+'),
  (text) => `/.${text}`,
  (text) => `${text}/..`,
  (text) => `${text}x`,
  (text) => text.slice(0, -1),
  (text) => text.replaceAll('.', 'x'),
  (text) => text.replaceAll('%20', ' '.trim()),
]

describe.each(frameworks)('$name', ({ pair, rules, ends }) => {
  test('a receiver in use answers at its path exactly what a route at this path would', async () => {
    let route: RequestListener = () => {}
    let receiver: RequestListener = () => {}
    const servers = {
      route: await listen(createServer((request, response) => route(request, response))),
      receiver: await listen(createServer((request, response) => receiver(request, response))),
    }
    await fc.assert(
      fc.asyncProperty(
        pathOf(ends),
        fc.constantFrom(...rules),
        fc.constantFrom(...changes),
        async (given, rule, change) => {
          ;({ route, receiver } = pair(given, rule))
          const target = change(given)
          fc.pre(target.startsWith('/') || target.startsWith('http'))
          const [expected, answered] = await Promise.all([
            statusOf(servers.route.port, target),
            statusOf(servers.receiver.port, target),
          ])
          expect(answered !== 404, `${given}, called as ${target}: ${answered}`).toBe(expected !== 404)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe.each([
  ['/x/', ['/x', '/x/', '/X']],
  ['/x//', ['/x', '/x/']],
  ['/a b', ['/a%20b', '/a b']],
  ['/café', ['/café', '/caf%C3%A9', '/caf%c3%a9']],
  ['/a%20b', ['/a%20b']],
  ['/"<x>"', ['/"<x>"', '/%22%3Cx%3E%22']],
  ['/', ['/', '']],
  ['/v1/tasks:', ['/v1/tasks:']],
])('the path %s', (given, called) => {
  test.each(called)('answers what a client sends for %s', async (target) => {
    const luma = expressCallback({ onSuccess: () => {}, observe: () => {}, path: given })
    onTestFinished(() => luma.close({ timeout: 0 }))
    await post(express5().use(luma), target, successOf().body).expect(200)
  })
})
