import { BlockList, isIP } from 'node:net'

/** IANA's special-purpose registry for IPv4, and multicast. No video is served from these. */
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // A public address, but one of the host under an Azure virtual machine.
  '168.63.129.16/32',
]
/** The public part of IPv6. All other addresses are refused, also mapped and translated IPv4. */
const PUBLIC_V6 = ['2000::/3']
/** The special ranges inside it, from IANA's registry. 6to4 and Teredo addresses can contain any IPv4 address. */
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']

const specialV4 = listOf(SPECIAL_V4, 'ipv4')
const publicV6 = listOf(PUBLIC_V6, 'ipv6')
const specialV6 = listOf(SPECIAL_V6, 'ipv6')

function listOf(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = '', prefix = ''] = range.split('/')
    list.addSubnet(network, Number(prefix), family)
  }
  return list
}

/**
 * True for an address of the public internet. False for an invalid address, and for one with a zone, which is link-local.
 */
export function isPublicAddress(address: string): boolean {
  if (address.includes('%')) return false
  switch (isIP(address)) {
    case 4:
      return !specialV4.check(address, 'ipv4')
    case 6:
      return publicV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6')
    default:
      return false
  }
}
