import { pathOf, type Place } from '@luma-callback/core/adapter'
import { translate, type KoaContext } from './context.ts'

/** The used part of Koa's application. */
export interface KoaApplication {
  middleware?: readonly unknown[]
}

/** A layer of a router. A route has methods; a middleware of `router.use` has none. */
interface Layer {
  path?: unknown
  regexp?: RegExp
  methods: readonly string[]
  stack: readonly unknown[]
}

/** The fields that @koa/router and koa-mount leave in the context. */
interface Traces {
  app?: KoaApplication
  mountPath?: string
  matched?: readonly Layer[]
  routerPath?: unknown
  router?: { stack?: readonly Layer[] }
}

/** The default rules of @koa/router. */
const RULES = { sensitive: false, strict: false }

export function placeOf(context: KoaContext, next: unknown): Place {
  const traces = context as Traces
  const { req, res } = context
  const path = context.path ?? pathOf(context.originalUrl ?? req?.url ?? '')
  return {
    ...RULES,
    path,
    wholePath: traces.mountPath === undefined ? path : traces.mountPath + path,
    isMounted: traces.mountPath !== undefined,
    hasNext: typeof next === 'function',
    route: routeOf(context.method, path, traces),
    outside: () => outside(traces),
    request: () => translate(context),
    // In a user's test the context may be a plain object.
    exchange: { request: req ?? context, response: res ?? {} },
  }
}

/**
 * The route that runs now or ran last, because the fields of @koa/router stay in the context. `matched` has every layer whose
 * path matched, with any method.
 */
function routeOf(method: string, path: string, { matched, routerPath }: Traces): Place['route'] {
  const layers = matched?.filter((layer) => layer.methods.includes(method)) ?? []
  // If koa-mount has changed the path since, these layers belong to an outer router.
  const running = layers.filter((layer) => layer.path === routerPath && isAt(layer, path))
  const handlers = layers.flatMap(({ stack }) => stack)
  if (layers.length === 0) return undefined
  return { handlers, paths: running.map((layer) => layer.path), isExplicit: running.some(isExplicit) }
}

function isAt({ regexp }: Layer, path: string): boolean {
  return regexp instanceof RegExp && new RegExp(regexp.source, regexp.flags.replace(/[gy]/g, '')).test(path)
}

/** `router.all` lists every method, TRACE included. */
function isExplicit({ methods }: Layer): boolean {
  return !methods.includes('TRACE')
}

/** All functions that the application and its routers `use`. */
function* outside({ app, router }: Traces): Generator {
  for (const used of app?.middleware ?? []) {
    yield used
    yield* usedIn((used as Traces).router)
  }
  yield* usedIn(router)
}

function* usedIn(router: Traces['router']): Generator {
  for (const { methods, stack } of router?.stack ?? []) if (methods.length === 0) yield* stack
}
