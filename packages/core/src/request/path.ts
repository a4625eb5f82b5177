/** How a framework's router compares paths. */
export interface PathRules {
  /** Upper and lower case are different paths. */
  sensitive: boolean
  /** A path with a slash at its end is another path than the one without. */
  strict: boolean
}

/** The value of the option `path` for a receiver that answers wherever it is called. */
export const ANYWHERE = '*'

const CONTROLS = /\p{Cc}/u
const DOTS = /^(?:\.|%2e){1,2}$/i

/** What is wrong with the option `path`, or undefined. */
export function pathProblem(path: unknown): string | undefined {
  if (typeof path !== 'string') return 'must be a text, such as "/luma"'
  if (path === ANYWHERE) return undefined
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(path)) return 'is a whole URL; give its path only, such as "/luma"'
  if (!path.startsWith('/')) return 'must begin with a slash, or be "*" to answer wherever the receiver is called'
  if (/[?#]/.test(path)) return 'must not hold "?" or "#"; a query belongs in the callBackUrl, and is not compared'
  if (/[*()[\]{}]|:\w/.test(path)) {
    return 'must not be a pattern, because it is compared as plain text; use the receiver as a route\'s handler instead, as in app.post("/luma/:tenant", lumaCallback(onSuccess))'
  }
  if (CONTROLS.test(path) || path.includes('\\') || !path.isWellFormed())
    return 'holds a character that no URL can have; remove line breaks, tabs and backslashes'
  if (path !== path.trimEnd()) return 'ends with a blank; remove it'
  if (path.split('/').some((segment) => DOTS.test(segment)))
    return 'must not hold "." or ".." as a segment; clients resolve them before they send a request'
  if (/%(?![\da-f]{2})/i.test(path)) return 'holds a "%" that is not followed by two hexadecimal digits'
  return undefined
}

/** The path as clients send it: blanks and non-ASCII letters are percent-encoded, one slash at the end is enough. */
export function normalisePath(path: string): string {
  if (path === ANYWHERE) return path
  return new URL(`http://localhost${path}`).pathname.replace(/\/+$/, '/')
}

/**
 * Whether the router of Express or Koa would take one path for the other. Like these routers, it does not decode: `%6C` is
 * another path than `l`.
 */
export function isSamePath(path: string, called: string, { sensitive, strict }: PathRules): boolean {
  const fold = (text: string) => (sensitive ? text : text.toLowerCase())
  const trim = (text: string) => (strict || !text.endsWith('/') ? text : text.slice(0, -1))
  return trim(fold(path)) === trim(fold(called))
}

/** The path of a request's target, which is a path with a query or, from a proxy's client, a whole URL. */
export function pathOf(target: string): string {
  if (target.startsWith('/')) return /^[^?#]*/.exec(target)?.[0] ?? target
  // Of `x://` the path is empty; an empty one is kept for requests that name no address at all.
  return URL.canParse(target) ? new URL(target).pathname || '/' : target
}
