import { pathOf, type Place } from '@luma-callback/core/adapter'
import { translate, type KoaContext } from './context.ts'

/** What of Koa's application and of @koa/router is looked at. */
export interface KoaApplication {
  middleware?: readonly unknown[]
}

/** A layer of a router: a route has methods, what `router.use` was given has none. */
interface Layer {
  path?: unknown
  regexp?: RegExp
  methods: readonly string[]
  stack: readonly unknown[]
}

/** What routers of @koa/router and koa-mount leave in the context. */
interface Traces {
  app?: KoaApplication
  mountPath?: string
  matched?: readonly Layer[]
  routerPath?: unknown
  router?: { stack?: readonly Layer[] }
}

/** @koa/router's rules by default, which all its routers share. */
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
    // A context of a user's test may be a plain object.
    exchange: { request: req ?? context, response: res ?? {} },
  }
}

/**
 * The route that runs, or ran last: what @koa/router leaves in the context stays there. It lists every layer whose path
 * matched, whatever its methods.
 */
function routeOf(method: string, path: string, { matched, routerPath }: Traces): Place['route'] {
  const layers = matched?.filter((layer) => layer.methods.includes(method)) ?? []
  // A path that koa-mount has changed since is below another router's layers.
  const running = layers.filter((layer) => layer.path === routerPath && isAt(layer, path))
  const handlers = layers.flatMap(({ stack }) => stack)
  if (layers.length === 0) return undefined
  return { handlers, paths: running.map((layer) => layer.path), isExplicit: running.some(isExplicit) }
}

function isAt({ regexp }: Layer, path: string): boolean {
  return regexp instanceof RegExp && new RegExp(regexp.source, regexp.flags.replace(/[gy]/g, '')).test(path)
}

/** `router.all` lists every method there is. */
function isExplicit({ methods }: Layer): boolean {
  return !methods.includes('TRACE')
}

/** What the application and its routers `use`. */
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
