import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import { lumaCallback as expressCallback } from '@luma-callback/express'
import { lumaCallback as koaCallback } from '@luma-callback/koa'
import express5 from 'express'
import Koa3 from 'koa'
import mount from 'koa-mount'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import request from 'supertest'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { expressFramework, koaFramework, type Setting, type Startable } from '../helpers/mounting/apps.ts'
import { wrappers, type Wrapper } from '../helpers/mounting/wrappers.ts'
import { post } from '../helpers/requests.ts'
import { listen } from '../helpers/servers.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'

const require = createRequire(import.meta.url)
// The older majors carry no types under their alias; what is used of them here has not changed.
const express4 = require('express4') as typeof express5
const Koa2 = require('koa2') as typeof Koa3

const koaTools = { Router, mount, bodyParser, lumaCallback: koaCallback }
const frameworks = [
  expressFramework({ express: express5, major: 5, lumaCallback: expressCallback }),
  expressFramework({ express: express4, major: 4, lumaCallback: expressCallback }),
  koaFramework({ Koa: Koa3, major: 3, ...koaTools }),
  koaFramework({ Koa: Koa2, major: 2, ...koaTools }),
]

/** Whether callbacks must be signed, and whether a body parser runs before the receiver. */
interface Shown {
  isSigned: boolean
  isParsed: boolean
}

const settings: readonly Shown[] = [
  { isSigned: true, isParsed: true },
  { isSigned: true, isParsed: false },
  { isSigned: false, isParsed: true },
  { isSigned: false, isParsed: false },
]
const linking = wrappers.filter(({ isLinked }) => isLinked)
const hiding = wrappers.filter(({ isLinked }) => !isLinked)
const [arrow] = hiding as [Wrapper]

interface Started {
  url: string
  /** How often the hook ran. */
  runs: () => number
}

async function start(
  form: Startable,
  { isSigned, isParsed }: Shown,
  { wrap }: Wrapper,
  more: Partial<Setting> = {},
): Promise<Started> {
  let runs = 0
  const secret = isSigned ? SECRET : undefined
  const { listener, close } = form.start({ secret, isParsed, wrap, onSuccess: () => void runs++, ...more })
  onTestFinished(close)
  const { url } = await listen(createServer(listener))
  return { url, runs: () => runs }
}

/** What a callback to this address comes to. */
async function send({ url, runs }: Started, at: string, isSigned: boolean): Promise<string> {
  const { taskId, body } = successOf()
  const { status, body: answer } = await post(url, at, body, isSigned ? signedHeaders(taskId) : {})
  return `${status} ${answer.status}, hook run ${runs()} times`
}

/** The warnings of the receivers, told until the test is over. */
function warnings(): string[] {
  const told: string[] = []
  const listener = (warning: Error & { code?: string; detail?: string }) => {
    if (warning.code === 'LUMA_PASSED_ON') told.push(`${warning.message} ${warning.detail}`)
  }
  process.on('warning', listener)
  onTestFinished(() => void process.off('warning', listener))
  return told
}

const RECEIVED = '200 received, hook run 1 times'
const PASSED = '200 the one behind, hook run 0 times'

describe.each(frameworks)('$name', ({ forms, bystanders, isCertain }) => {
  describe.each(wrappers)('inside $name', (wrapper) => {
    // A link is seen whatever else a request shows.
    const own = wrapper.isLinked ? settings.slice(1, 3) : settings

    test.each(forms)('answers in the form $name', async (form) => {
      const told = warnings()
      for (const setting of own) {
        const { isSigned, isParsed } = setting
        const shows = form.hidden === 'answered' || (form.hidden === 'if it shows' && (isSigned || isParsed))
        const expected = wrapper.isLinked || shows ? RECEIVED : PASSED
        told.length = 0
        expect(await send(await start(form, setting, wrapper), form.at, isSigned), JSON.stringify(setting)).toBe(
          expected,
        )
        // Of a route for everything, only what shows that it is a callback is told.
        if (form.hidden === 'warned' && !isSigned && !isParsed) continue
        if (expected === PASSED) await expect.poll(() => told).toEqual([expect.stringContaining('path: "*"')])
        else expect(told).toEqual([])
      }
    })

    test.each(bystanders)('leaves its requests to $name', async (bystander) => {
      for (const setting of own) {
        const started = await start(bystander, setting, wrapper)
        // A hidden receiver of Koa learns by the first request outside of a route that it is in use outside of routes.
        if (!isCertain && !wrapper.isLinked) await request(started.url).get('/')
        for (const body of ['{"order":42}', 'no JSON']) {
          const isRefused = setting.isParsed && body === 'no JSON'
          const { status, body: answer } = await post(started.url, bystander.at, body)
          expect(isRefused ? status : answer.status, JSON.stringify(setting)).toBe(isRefused ? 400 : 'the other')
        }
      }
    })
  })

  test.each(forms)('answers in the form $name with path: "*", however it is wrapped', async (form) => {
    for (const setting of settings) {
      const started = await start(form, setting, arrow, { path: '*' })
      expect(await send(started, form.at, setting.isSigned)).toBe(RECEIVED)
    }
  })

  test.each(bystanders)('leaves even a signed callback of another API to $name', async (bystander) => {
    for (const wrapper of isCertain ? wrappers : linking) {
      for (const isSigned of [true, false]) {
        const started = await start(bystander, { isSigned, isParsed: true }, wrapper)
        expect(await send(started, bystander.at, true)).toBe('200 the other, hook run 0 times')
      }
    }
  })

  test.each(bystanders)('leaves to another receiver what is its own, as $name', async (bystander) => {
    for (const wrapper of wrappers) {
      for (const isSigned of [true, false]) {
        const other = { secret: isSigned ? undefined : SECRET, onSuccess: vi.fn<() => void>() }
        const started = await start(bystander, { isSigned, isParsed: false }, wrapper, { other })
        if (!isCertain && !wrapper.isLinked) await request(started.url).get('/')
        expect(await send(started, bystander.at, !isSigned)).toBe('200 received, hook run 0 times')
        expect(other.onSuccess).toHaveBeenCalledOnce()
      }
    }
  })

  test.each(bystanders)('leaves the first request, without a signature, to $name', async (bystander) => {
    for (const wrapper of wrappers) {
      for (const isParsed of [true, false]) {
        const { url } = await start(bystander, { isSigned: true, isParsed }, wrapper)
        expect(await post(url, bystander.at, '{"order":42}')).toMatchObject({ body: { status: 'the other' } })
      }
    }
  })

  test('answers in a route that hides it what brings no signature, if nothing behind it does', async () => {
    const form = forms.find(({ name }) => name.includes('.post(path, luma)')) as Startable
    for (const wrapper of hiding) {
      const { url } = await start(form, { isSigned: true, isParsed: false }, wrapper, { isAnsweredBehind: false })
      await post(url, form.at, successOf().body).expect(401)
      await post(url, form.at, 'no JSON', { 'content-type': 'text/plain' }).expect(415)
    }
  })

  test('answers in every route but one for everything, if nothing behind it does', async () => {
    for (const wrapper of hiding) {
      for (const form of forms.filter(({ hidden }) => hidden !== 'warned')) {
        const none = { isSigned: false, isParsed: false }
        const started = await start(form, none, wrapper, { isAnsweredBehind: false })
        expect(await send(started, form.at, false), form.name).toBe(RECEIVED)
      }
    }
  })

  test('warns once', async () => {
    const told = warnings()
    const form = forms.find(({ hidden }) => hidden === 'warned') as Startable
    const started = await start(form, { isSigned: true, isParsed: false }, arrow)
    for (let sent = 0; sent < 3; sent++) await send(started, form.at, true)
    await expect.poll(() => told).toEqual([expect.stringContaining(`"${form.at}"`)])
  })
})
