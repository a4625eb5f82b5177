import { isLinked } from './links.ts'
import { likeness, type Likeness } from './likeness.ts'
import { ANYWHERE, isSamePath, type PathRules } from '../request/path.ts'
import type { LumaHandler } from '../receive/receiver.ts'
import type { LumaRequest } from '../request/request.ts'

/** Where in an application a receiver was called, as its adapter can tell. */
export interface Place extends PathRules {
  /** The path below the mount point. */
  path: string
  /** The path with the mount point. */
  wholePath: string
  isMounted: boolean
  /** False if the caller gave no `next`, so that there is nothing to pass a request on to. */
  hasNext: boolean
  /** The route that runs. A framework keeps telling of it after it called next(), so this is a guess. */
  route?: RoutePlace | undefined
  /** The functions that are registered outside of routes; asked only in doubt. */
  outside: () => Iterable<unknown>
  /** The request as the handler takes it; asked only in doubt. */
  request: () => LumaRequest
  /** The framework's own request and response, which all receivers of an application see. */
  exchange: { request: object; response: object }
}

/** A route that matched a request. */
export interface RoutePlace {
  /** The functions that it runs for the request's method. */
  handlers: readonly unknown[]
  /** Its path or paths, with the mount point's. */
  paths: readonly unknown[]
  /** It names the request's method: `post()`, where `all()` names none. */
  isExplicit: boolean
}

/** `fallback`: probably the receiver's, but if the framework allows it, the handlers behind the receiver are tried first. */
export type Verdict = 'ours' | 'fallback' | 'passed'

/** Tells which requests are a receiver's own. */
export interface Mount {
  judge: (place: Place) => Verdict
  /** Notes that the receiver handles a request, so that no other receiver warns of having passed it on. */
  take: (request: object) => void
}

/** A receiver warns once for a path, and of no more paths than these. */
const MOST_WARNINGS = 5

/** Requests that a receiver has taken, so that no other receiver warns of them. */
const taken = new WeakSet<object>()

/**
 * Tells for each request whether it is the receiver's own: by its path, by the mount point, or by the route that runs.
 * In a route, the receiver is looked for among the route's handlers. An agent or a wrapper may hide it there. Then a route
 * for POST alone counts as its own, and an `all` route only for what looks like a callback, unless the receiver turns out to
 * be in use outside of routes, where it is called for all that a route passes on.
 *
 * @param receiver - The adapter's middleware; its `receive` is how wrappers of it are recognised.
 */
export function createMount(handler: Pick<LumaHandler, 'path' | 'isSigned'>, receiver: { receive: unknown }): Mount {
  let wasOutside = false
  /** The paths that were warned of. A stranger's request must not use up the only warning. */
  const warned = new Set<string>()
  const isOurs = (candidate: unknown) => isLinked(candidate, receiver)

  function judge(place: Place): Verdict {
    const { path, wholePath, isMounted, route } = place
    if (handler.path === ANYWHERE) return 'ours'
    // No server sends a request without an address: a test calls the receiver by hand.
    if (wholePath === '') return 'ours'
    if (isSamePath(handler.path, path, place) || isSamePath(handler.path, wholePath, place)) return 'ours'
    if (isMounted && (path === '/' || path === '')) return 'ours'
    if (route) return route.handlers.some(isOurs) ? 'ours' : judgeHidden(place, route)
    wasOutside = true
    if (isMounted && warned.size < MOST_WARNINGS) warn(place, likeness(place.request(), handler.isSigned))
    return 'passed'
  }

  /** In a route, where the receiver is not seen among the handlers. */
  function judgeHidden(place: Place, { paths, isExplicit }: RoutePlace): Verdict {
    if (!place.hasNext) return 'ours'
    const request = place.request()
    if (request.method !== 'POST') return 'passed'
    const look = likeness(request, handler.isSigned)
    const kind = isUsedOutside(place) ? 'open' : kindOf(paths, isExplicit)
    if (!wasOutside && kind === 'own') return look === 'other' ? 'fallback' : 'ours'
    if (!wasOutside && kind === 'shared' && look === 'callback') return 'ours'
    const isLikely = wasOutside ? kind === 'own' && look === 'callback' : kind === 'shared' && look === 'unknown'
    warn(place, isLikely ? 'callback' : look)
    return isLikely ? 'fallback' : 'passed'
  }

  function isUsedOutside({ outside }: Place): boolean {
    for (const candidate of outside()) if (isOurs(candidate)) return true
    return false
  }

  /**
   * Warns when the response is closed, for then it is known whether another receiver took the request. A request that may not be
   * a callback at all leads to a warning only if nothing else knew its address, that is, if it was answered 404.
   */
  function warn({ wholePath, exchange: { request, response } }: Place, look: Likeness): void {
    const isKnown = () => warned.size >= MOST_WARNINGS || warned.has(wholePath)
    if (look === 'other' || isKnown()) return
    const say = () => {
      if (isKnown() || taken.has(request)) return
      if (look === 'unknown' && !('statusCode' in response && response.statusCode === 404)) return
      warned.add(wholePath)
      warnPassedOn(wholePath)
    }
    if ('once' in response && typeof response.once === 'function') response.once('close', say)
    else say()
  }

  return { judge, take: (request) => void taken.add(request) }
}

/**
 * What a route says of the handlers in it. `own`: it is for POST at certain URLs, so they hardly leave it to others.
 * `shared`: for all methods, or for all that a wildcard or a regular expression matches. `open`: for nearly everything, as
 * a logger's.
 */
function kindOf(paths: readonly unknown[], isExplicit: boolean): 'own' | 'shared' | 'open' {
  if (paths.length === 0 || !paths.every(hasFixedPart)) return 'open'
  const isNarrow = paths.every((path) => typeof path === 'string' && !/[*+]/.test(path))
  if (isNarrow) return isExplicit ? 'own' : 'shared'
  return isExplicit ? 'shared' : 'open'
}

/** True if a part of the path is neither a parameter nor a wildcard, or if the regular expression does not match all paths. */
function hasFixedPart(path: unknown): boolean {
  if (path instanceof RegExp) return UNRELATED.every((other) => other.search(path) === -1)
  if (typeof path !== 'string') return false
  return path === '/' || path.split('/').some((segment) => segment !== '' && !/^[:({*]/.test(segment))
}

/** Paths that no application has. */
const UNRELATED = ['/-', '/-/-', '/-/-/-']

function warnPassedOn(path: string): void {
  process.emitWarning(`a POST to ${JSON.stringify(path)} looks like a Luma callback, and the receiver passed it on`, {
    code: 'LUMA_PASSED_ON',
    detail:
      'If the callback was meant for this receiver, give it the option path: "*". Then it answers wherever it is called, also inside another function.',
  })
}
