import { isIP } from 'node:net'
import { printable } from '@luma-callback/core/internal'
import { isPublicAddress } from './addresses.ts'
import { refused } from '../errors.ts'

/** What may be asked. */
export interface UrlRules {
  allowHttp: boolean
  allowPrivate: boolean
  allowHosts: readonly string[] | undefined
}

/**
 * The URL, if it may be asked. An address that stands in the URL itself is judged here, for nobody looks it up; what
 * a name stands for is judged when it is looked up.
 *
 * @throws DownloadError (`ERR_LUMA_DOWNLOAD_REFUSED`)
 */
export function checkUrl(text: unknown, rules: UrlRules): URL {
  if (typeof text !== 'string') throw refused(`not a URL, but ${text === null ? 'null' : `of type ${typeof text}`}`)
  // The parser would take them out or turn them round, so that others read another URL than we do.
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0020\u007F\\]/.test(text)) throw refused('a URL with white space, control characters or a backslash')
  if (!URL.canParse(text)) {
    // In what is no URL, nobody can tell a password or a token from the rest.
    const isSecret = /[@?#]/.test(text)
    throw refused(`not a URL: ${isSecret ? `a text of ${text.length} characters` : printable(text, { most: 100 })}`)
  }
  const url = new URL(text)
  const shown = showUrl(url)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && rules.allowHttp)) {
    throw refused(`${shown}: only https is asked`)
  }
  if (url.username !== '' || url.password !== '') throw refused(`${shown}: a URL with a user name or password`)
  const host = hostOf(url)
  if (rules.allowHosts && !rules.allowHosts.includes(host)) throw refused(`${shown}: its host is not in allowHosts`)
  if (isIP(host) !== 0 && !rules.allowPrivate && !isPublicAddress(host)) {
    throw refused(`${shown}: not an address of the public internet`)
  }
  return url
}

/** Where an answer sends us on to; by the same rules, and never from https to http. */
export function checkRedirect(location: string | undefined, from: URL, rules: UrlRules): URL {
  if (location === undefined || !URL.canParse(location, from)) {
    throw refused(`${showUrl(from)}: redirects to nowhere`)
  }
  const url = checkUrl(new URL(location, from).href, rules)
  if (from.protocol === 'https:' && url.protocol !== 'https:') {
    throw refused(`${showUrl(from)}: redirects from https to http`)
  }
  return url
}

/** The host as it is dialled: a name, or an address without brackets. */
function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

/** A URL for a log: its query may hold what gives access. */
export function showUrl({ origin, pathname }: URL): string {
  return printable(`${origin}${pathname}`, { most: 200 })
}
