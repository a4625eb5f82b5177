// Runs under an agent: tries every form of mounting in one framework and prints what came of each, then serves one
// application to be audited. Started by matrix.ts.
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { lumaCallback as expressCallback } from '../../packages/express/dist/index.js'
import { lumaCallback as koaCallback } from '../../packages/koa/dist/index.js'
import {
  expressFramework,
  koaFramework,
  type Framework,
  type Setting,
  type Startable,
} from '../helpers/mounting/apps.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'
import type { Agent, FrameworkName } from './agents.ts'

/** What came of one form, or of one bystander. */
export interface Outcome {
  kind: 'form' | 'bystander'
  name: string
  hidden?: 'answered' | 'if it shows' | 'warned'
  isSigned: boolean
  isParsed: boolean
  /** Such as `200 received, 1`: the status, what the answer says, and how often the hook ran. */
  came: string
}

const [name, modules, wrapper] = process.argv.slice(2) as [FrameworkName, Agent['modules'], Agent['wrapper']]
const require = createRequire(import.meta.url)
/** What a preload says that its agent has seen. */
const { agentSeen } = globalThis as { agentSeen?: () => number | Promise<number> }

async function load<Module>(specifier: string): Promise<Module> {
  if (modules === 'require') return require(specifier) as Module
  const module = (await import(specifier)) as { default: Module }
  return module.default
}

async function framework(): Promise<Framework> {
  const major = Number(name.at(-1))
  const suffix = major === 4 || major === 2 ? String(major) : ''
  if (name.startsWith('Express')) {
    const express = await load<Parameters<typeof expressFramework>[0]['express']>(`express${suffix}`)
    return expressFramework({ express, major: major as 4 | 5, lumaCallback: expressCallback })
  }
  type Tools = Parameters<typeof koaFramework>[0]
  const Koa = await load<Tools['Koa']>(`koa${suffix}`)
  const router = await load<Tools['Router'] & { Router?: Tools['Router'] }>('@koa/router')
  const mount = await load<Tools['mount']>('koa-mount')
  const { bodyParser } = require('@koa/bodyparser') as Pick<Tools, 'bodyParser'>
  return koaFramework({
    Koa,
    major: major as 2 | 3,
    Router: router.Router ?? router,
    mount,
    bodyParser,
    lumaCallback: koaCallback,
  })
}

const wrap: Setting['wrap'] = (receiver) => {
  if (wrapper === undefined) return receiver
  const make = require(wrapper) as (wrapped: unknown) => typeof receiver
  return make(wrapper === 'koa-compose' ? [receiver] : receiver)
}

async function listen(listener: RequestListener): Promise<{ url: string; close: () => void }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${port}`, close }
}

async function post(url: string, body: string, headers: Record<string, string>): Promise<string> {
  const all = { 'content-type': 'application/json', ...headers }
  const response = await fetch(url, { method: 'POST', headers: all, body })
  const text = await response.text()
  const answer = text.startsWith('{') ? (JSON.parse(text) as { status?: string }) : { status: text }
  return `${response.status} ${answer.status}`
}

async function tryOut(kind: Outcome['kind'], one: Startable, isSigned: boolean, isParsed: boolean): Promise<Outcome> {
  let runs = 0
  const secret = isSigned ? SECRET : undefined
  const app = one.start({ secret, isParsed, wrap, onSuccess: () => void runs++ })
  const { url, close } = await listen(app.listener)
  const { taskId, body } = successOf()
  // The first request of a server is a health check or a page, mostly; by it a hidden receiver learns where it is in use.
  if (kind === 'bystander') await fetch(url)
  const answer =
    kind === 'form'
      ? await post(url + one.at, body, isSigned ? signedHeaders(taskId) : {})
      : await post(url + one.at, '{"order":42}', {})
  close()
  await app.close()
  const { hidden } = one
  return { kind, name: one.name, ...(hidden && { hidden }), isSigned, isParsed, came: `${answer}, ${runs}` }
}

const { forms, bystanders } = await framework()
const outcomes: Outcome[] = []
for (const isSigned of [true, false]) {
  for (const isParsed of [true, false]) {
    for (const form of forms) outcomes.push(await tryOut('form', form, isSigned, isParsed))
    for (const one of bystanders) outcomes.push(await tryOut('bystander', one, isSigned, isParsed))
  }
}
const seen = await agentSeen?.()

const handled = new Map<unknown, number>()
const route = forms.find((form) => form.name.includes('.post(path, luma)')) as Startable
const audited = route.start({
  secret: SECRET,
  isParsed: false,
  isAnsweredBehind: false,
  bodyTimeout: 1_000,
  wrap,
  onSuccess: ({ taskId }) => void handled.set(taskId, (handled.get(taskId) ?? 0) + 1),
})
const { url } = await listen((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  if (pathname !== '/probe') return audited.listener(request, response)
  response.setHeader('content-type', 'application/json')
  return response.end(JSON.stringify({ handled: handled.get(searchParams.get('taskId')) ?? 0 }))
})
process.send?.({ outcomes, seen, url: url + route.at, probe: `${url}/probe` })
