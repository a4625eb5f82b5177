// Asks for results at every private address that there is here, in every way that is known to get past a guard, and
// tells who was connected to. Run by run.sh.
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, isIPv6 } from 'node:net'
import { saveUrl, type DownloadError } from '@luma-callback/download'
import ipaddr from 'ipaddr.js'
import { startNames } from './names.ts'
import type { Attempt, Told } from './tell.ts'

const [directory = ''] = process.argv.slice(2)
const PUBLIC = ['93.184.216.34', '2606:4700:4700::1111']
const PRIVATE = [
  '127.0.0.1',
  '127.0.0.2',
  '10.0.0.1',
  '100.100.100.200',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '192.168.0.1',
  '198.18.0.1',
  '203.0.113.1',
  '::1',
  'fd00:ec2::254',
  'fec0::1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001:db8::1',
]
/** What they are called, and as what loopback is known besides. */
const SPELLINGS = [
  ...PRIVATE.map((address) => (isIPv6(address) ? `[${address}]` : address)),
  'localhost',
  '0',
  '0.0.0.0',
  '127.1',
  '127.000.000.001',
  '0x7f.1',
  '0x7f000001',
  '2130706433',
  '017700000001',
  '0xa9fea9fe',
  '2852039166',
  '169.254.43518',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:a9fe:a9fe]',
  '[::127.0.0.1]',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
]

const video = Buffer.concat([Buffer.from('\0\0\0\u0018ftypisom', 'latin1'), Buffer.alloc(1_000)])
const accepted: string[] = []
const reachable: Told['reachable'] = []

for (const address of PRIVATE) {
  for (const port of [80, 3128]) {
    const server = createServer((socket) => {
      accepted.push(`${address} ${port}`)
      socket.on('error', () => {}).destroy()
    })
    await once(server.listen(port, address), 'listening')
    server.unref()
  }
}
for (const address of PUBLIC) {
  const server = createHttpServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://origin')
    const location = searchParams.get('to')
    if (location === null) response.end(video)
    else
      response
        .writeHead(Number(searchParams.get('status') ?? 302), {
          location: location.replaceAll(/[^\u0020-\u007E]/g, encodeURIComponent),
        })
        .end()
  })
  await once(server.listen(80, address), 'listening')
  server.unref()
}

const asked = new Map<string, number>()
const bytesOf = (address: string): Uint8Array => Uint8Array.from(ipaddr.parse(address).toByteArray())
const names = await startNames((name, kind) => {
  const count = (asked.get(`${name} ${kind}`) ?? 0) + 1
  asked.set(`${name} ${kind}`, count)
  const answers: Record<string, readonly string[]> = {
    'public.test': PUBLIC,
    'four.test': ['93.184.216.34'],
    'six.test': ['2606:4700:4700::1111'],
    'mixed.test': ['10.0.0.1', '93.184.216.34', '127.0.0.1', '::1', 'fd00:ec2::254'],
    // Public when it is judged, private when it is dialled, if somebody looks it up twice.
    'rebind.test': count === 1 ? ['93.184.216.34'] : ['127.0.0.1'],
    'mapped.test': ['::ffff:127.0.0.1'],
    'private.test': PRIVATE,
  }
  const index = /^private-(\d+)\.test$/.exec(name)?.[1]
  const found = index === undefined ? (answers[name] ?? []) : [PRIVATE[Number(index)] ?? '']
  return found.filter((address) => isIPv6(address) === (kind === 'AAAA')).map(bytesOf)
})

let count = 0
async function attempt(url: string): Promise<Attempt> {
  try {
    await saveUrl(url, { to: directory, name: `file-${++count}`, allowHttp: true, retry: { attempts: 1 } })
    return { url, outcome: 'saved' }
  } catch (error) {
    return { url, outcome: (error as DownloadError).code ?? String(error) }
  }
}

for (const address of PRIVATE) {
  const before = accepted.length
  const socket = connect(80, address)
  await once(socket, 'close').catch(() => {})
  reachable.push({ address, accepted: accepted.length > before })
}
accepted.length = 0

const to = (target: string): string => encodeURIComponent(target)
const controls: Attempt[] = []
for (const url of [
  'http://public.test/',
  'http://four.test/',
  'http://six.test/',
  'http://mixed.test/',
  'http://rebind.test/',
  'http://93.184.216.34/',
  'http://[2606:4700:4700::1111]/',
  `http://public.test/?to=${to('http://six.test/')}`,
]) {
  controls.push(await attempt(url))
}

asked.clear()
const hosts = [...SPELLINGS, ...PRIVATE.map((_, index) => `private-${index}.test`), 'private.test', 'mapped.test']
const attacks: Attempt[] = []
for (const host of hosts) {
  attacks.push(await attempt(`http://${host}/`))
  for (const status of [301, 302, 303, 307, 308]) {
    attacks.push(await attempt(`http://public.test/?status=${status}&to=${to(`http://${host}/`)}`))
  }
}
attacks.push(await attempt(`http://rebind.test/?to=${to('http://rebind.test/')}`))
attacks.push(await attempt(`http://public.test/?to=${to(`http://four.test/?to=${to('http://127.0.0.1/')}`)}`))

console.log(JSON.stringify({ controls, reachable, accepted, attacks } satisfies Told))
names.close()
