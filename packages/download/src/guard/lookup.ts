import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isPublicAddress } from './addresses.ts'
import { refused } from '../errors.ts'

/**
 * A DNS lookup that gives only public addresses. The socket uses it directly, so the checked address is the one that is
 * dialled, even if the DNS answer changes a moment later.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[] | undefined) => {
    if (error) return callback(error, '')
    const allowed = addresses?.filter(({ address }) => isPublicAddress(address)) ?? []
    const [first] = allowed
    if (!first) return callback(refused(`${hostname} has no public address`), '')
    if (options.all) callback(null, allowed)
    else callback(null, first.address, first.family)
  })
}
