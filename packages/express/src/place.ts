import { pathOf, type Place } from '@luma-callback/core/adapter'
import type { ServerResponse } from 'node:http'
import { translate, type ExpressApplication, type ExpressRequest, type ExpressRouter } from './request.ts'

/** A request of Express, of connect (which has no `baseUrl` and no `path`), or of a bare `http.createServer`. */
export function placeOf(request: ExpressRequest, response: ServerResponse, next: unknown): Place {
  const { app, url = '' } = request
  const path = request.path ?? pathOf(url)
  const wholePath = request.baseUrl === undefined ? pathOf(request.originalUrl ?? url) : request.baseUrl + path
  return {
    path,
    wholePath,
    isMounted: wholePath !== path,
    sensitive: app?.enabled?.('case sensitive routing') ?? false,
    strict: app?.enabled?.('strict routing') ?? false,
    hasNext: typeof next === 'function',
    route: routeOf(request, next),
    outside: () => outside(app),
    request: () => translate(request),
    exchange: { request, response },
  }
}

/**
 * The route that runs now. `request.route` alone is not enough, because it stays set after the route has called `next()`. But
 * middlewares outside of routes get the router's own `next`, which is `request.next`; a route gives its handlers another one.
 */
function routeOf(request: ExpressRequest, next: unknown): Place['route'] {
  const { route, method = '', baseUrl = '' } = request
  if (!route?.stack || (typeof next === 'function' && next === request.next)) return undefined
  const layers = route.stack.filter((layer) => !layer.method || layer.method === method.toLowerCase())
  const paths = [route.path].flat().map((path) => (typeof path === 'string' && path !== '/' ? baseUrl + path : path))
  return {
    handlers: layers.map(({ handle }) => handle),
    paths,
    // app.all() adds a layer for every method, TRACE included.
    isExplicit: layers.some((layer) => layer.method) && !route.stack.some((layer) => layer.method === 'trace'),
  }
}

/** All functions that are mounted with `use`: in the application, its routers, and its parent applications. */
function* outside(app: ExpressApplication | undefined): Generator {
  for (let current = app; current; current = current.parent) yield* usedIn(current._router ?? current.router, new Set())
}

function* usedIn(router: ExpressRouter | undefined, seen: Set<unknown>): Generator {
  if (!router || !Array.isArray(router.stack) || seen.has(router)) return
  seen.add(router)
  for (const { handle, route } of router.stack as NonNullable<ExpressRouter['stack']>) {
    if (route) continue
    yield handle
    if (typeof handle === 'function') yield* usedIn(handle as ExpressRouter, seen)
  }
}
