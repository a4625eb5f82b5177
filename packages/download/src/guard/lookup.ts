import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isPublicAddress } from './addresses.ts'
import { refused } from '../errors.ts'

/**
 * For the socket's own use, so that the address that is dialled is the one that was judged, whatever the name stands for
 * a moment later. All addresses of a name are looked at, and of these only public ones are left to dial.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[] | undefined) => {
    if (error) return callback(error, '')
    const allowed = addresses?.filter(({ address }) => isPublicAddress(address)) ?? []
    const [first] = allowed
    if (!first) return callback(refused(`${hostname} has no address of the public internet`), '')
    if (options.all) callback(null, allowed)
    else callback(null, first.address, first.family)
  })
}
