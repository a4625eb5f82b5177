import type { bodyParser } from '@koa/bodyparser'
import type Router from '@koa/router'
import type { lumaCallback as expressCallback, FailureHook, LumaOptions, SuccessHook } from '@luma-callback/express'
import type { lumaCallback as koaCallback } from '@luma-callback/koa'
import type express from 'express'
import type { RequestHandler } from 'express'
import type Koa from 'koa'
import type { Middleware } from 'koa'
import type mount from 'koa-mount'
import type { RequestListener } from 'node:http'
import { expressBystanders, expressForms, type ExpressKit } from './express-forms.ts'
import { koaBystanders, koaForms, type KoaKit } from './koa-forms.ts'
import type { Wrapper } from './wrappers.ts'

export interface Setting {
  /** The key that callbacks must be signed with; undefined: they need not be. */
  secret: string | undefined
  /** A body parser runs before the receiver. */
  isParsed: boolean
  wrap: Wrapper['wrap']
  /** The option `path`. */
  path?: string
  /** Behind the receiver, something answers 200 to all that gets there; else nothing does. */
  isAnsweredBehind?: boolean
  onSuccess: SuccessHook
  bodyTimeout?: number
  /** The other handler is a receiver too; else it answers 200 to everything. */
  other?: { secret: string | undefined; onSuccess: SuccessHook }
}

export interface StartedApp {
  listener: RequestListener
  close: () => Promise<void>
}

/** A form of mounting or a bystander of it, ready to be started in one framework. */
export interface Startable {
  name: string
  at: string
  hidden?: 'answered' | 'if it shows' | 'warned'
  start: (setting: Setting) => StartedApp
}

export interface Framework {
  name: string
  forms: readonly Startable[]
  bystanders: readonly Startable[]
  /** It tells for certain whether a route runs, however the receiver is wrapped. */
  isCertain: boolean
}

interface ExpressTools {
  express: typeof express
  major: 4 | 5
  lumaCallback: typeof expressCallback
}

export function expressFramework(tools: ExpressTools): Framework {
  return {
    name: `Express ${tools.major}`,
    isCertain: true,
    forms: expressForms.map((form) => ({ ...form, start: (setting) => expressApp(tools, form.put, setting) })),
    bystanders: expressBystanders.map((one) => ({ ...one, start: (setting) => expressApp(tools, one.put, setting) })),
  }
}

interface KoaTools {
  Koa: typeof Koa
  major: 2 | 3
  Router: typeof Router
  mount: typeof mount
  bodyParser: typeof bodyParser
  lumaCallback: typeof koaCallback
}

export function koaFramework(tools: KoaTools): Framework {
  return {
    name: `Koa ${tools.major}`,
    isCertain: false,
    forms: koaForms.map((form) => ({ ...form, start: (setting) => koaApp(tools, form.put, setting) })),
    bystanders: koaBystanders.map((one) => ({ ...one, start: (setting) => koaApp(tools, one.put, setting) })),
  }
}

function optionsOf(setting: Pick<Setting, 'secret' | 'path' | 'bodyTimeout' | 'onSuccess'>): LumaOptions {
  const { secret, path, bodyTimeout, onSuccess } = setting
  return {
    onSuccess,
    onFailure: onSuccess as unknown as FailureHook,
    observe: () => {},
    ...(secret !== undefined && { secret }),
    ...(path !== undefined && { path }),
    ...(bodyTimeout !== undefined && { bodyTimeout }),
  }
}

function expressApp(
  { express: make, major, lumaCallback }: ExpressTools,
  put: (kit: ExpressKit & { other: RequestHandler }) => void,
  setting: Setting,
): StartedApp {
  const luma = lumaCallback(optionsOf(setting))
  const app = make()
  if (setting.isParsed) app.use(make.json())
  const wrapped = setting.wrap(luma)
  const second = setting.other && lumaCallback(optionsOf(setting.other))
  const other: RequestHandler = second
    ? setting.wrap(second)
    : (_request, response) => void response.json({ status: 'the other' })
  put({ app, express: make, everything: major === 4 ? '*' : '/{*rest}', luma: wrapped, other })
  if (setting.isAnsweredBehind !== false)
    app.use((_request, response) => void response.json({ status: 'the one behind' }))
  return { listener: app, close: () => luma.close({ timeout: 0 }) }
}

function koaApp(
  { Koa: Maker, Router: RouterMaker, mount: mountAt, bodyParser: parser, lumaCallback }: KoaTools,
  put: (kit: KoaKit & { other: Middleware }) => void,
  setting: Setting,
): StartedApp {
  const luma = lumaCallback(optionsOf(setting))
  const app = new Maker()
  app.silent = true
  if (setting.isParsed) app.use(parser())
  const wrapped = setting.wrap(luma)
  const second = setting.other && lumaCallback(optionsOf(setting.other))
  const other: Middleware = second
    ? setting.wrap(second)
    : (context) => {
        context.body = { status: 'the other' }
      }
  put({ app, Koa: Maker, Router: RouterMaker, mount: mountAt, luma: wrapped, other })
  if (setting.isAnsweredBehind !== false)
    app.use((context) => {
      context.body = { status: 'the one behind' }
    })
  const callback = app.callback()
  return {
    listener: (request, response) => void callback(request, response),
    close: () => luma.close({ timeout: 0 }),
  }
}
