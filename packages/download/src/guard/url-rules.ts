import { isIP } from 'node:net'
import { printable } from '@luma-callback/core/internal'
import { isPublicAddress } from './addresses.ts'
import { refused } from '../errors.ts'

/** Which URLs are allowed. */
export interface UrlRules {
  allowHttp: boolean
  allowPrivate: boolean
  allowHosts: readonly string[] | undefined
}

/**
 * Gives the URL if it is allowed. An address in the URL is checked here, because it needs no lookup; the addresses of a host
 * name are checked at the lookup.
 *
 * @throws DownloadError (`ERR_LUMA_DOWNLOAD_REFUSED`)
 */
export function checkUrl(text: unknown, rules: UrlRules): URL {
  if (typeof text !== 'string') throw refused(`not a URL, but ${text === null ? 'null' : `of type ${typeof text}`}`)
  // The parser removes or replaces these characters, so other programs may read a different URL.
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0020\u007F\\]/.test(text)) throw refused('a URL with white space, control characters or a backslash')
  if (!URL.canParse(text)) {
    // In an invalid URL a password or a token cannot be found and hidden.
    const isSecret = /[@?#]/.test(text)
    throw refused(`not a URL: ${isSecret ? `a text of ${text.length} characters` : printable(text, { most: 100 })}`)
  }
  const url = new URL(text)
  const shown = showUrl(url)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && rules.allowHttp)) {
    throw refused(`${shown}: only https is allowed`)
  }
  if (url.username !== '' || url.password !== '') throw refused(`${shown}: a URL with a user name or password`)
  const host = hostOf(url)
  if (rules.allowHosts && !rules.allowHosts.includes(host)) throw refused(`${shown}: its host is not in allowHosts`)
  if (isIP(host) !== 0 && !rules.allowPrivate && !isPublicAddress(host)) {
    throw refused(`${shown}: not a public address`)
  }
  return url
}

/** Gives the target of a redirect, if it is allowed. A redirect from https to http never is. */
export function checkRedirect(location: string | undefined, from: URL, rules: UrlRules): URL {
  if (location === undefined || !URL.canParse(location, from)) {
    throw refused(`${showUrl(from)}: redirects without a valid location`)
  }
  const url = checkUrl(new URL(location, from).href, rules)
  if (from.protocol === 'https:' && url.protocol !== 'https:') {
    throw refused(`${showUrl(from)}: redirects from https to http`)
  }
  return url
}

/** The host name, or the address without brackets. */
function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

/** A URL for logs, without its query, which may hold credentials. */
export function showUrl({ origin, pathname }: URL): string {
  return printable(`${origin}${pathname}`, { most: 200 })
}
