import { isPublicAddress, saveUrl } from '@luma-callback/download'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, test } from 'vitest'
import { failure, local, newDirectory, serve, sha256Of, startOrigin, videoOf } from '../helpers/origin.ts'

const BODY = videoOf(10_000)

async function refusal(url: string, options = {}): Promise<void> {
  const retry = { attempts: 1 }
  const error = await failure(saveUrl(url, { to: newDirectory(), allowHttp: true, retry, ...options }))
  expect(error, url).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_REFUSED', retryable: false })
}

describe('URLs that are not asked', () => {
  test.each([
    'http://a.example/x.mp4',
    'ftp://a.example/x.mp4',
    'file:///etc/passwd',
    'data:video/mp4;base64,AAAA',
    'blob:https://a.example/1',
    'javascript:alert(1)',
    'gopher://a.example/',
    'ws://a.example/',
    'https:',
    'https://',
    '//a.example/x.mp4',
    '/etc/passwd',
    'x.mp4',
    '',
    ' https://a.example/x.mp4',
    'https://a.example/x.mp4\n',
    'https://a.example\t/x.mp4',
    'https://a.exa\u0000mple/',
    String.raw`https:\\a.example\x.mp4`,
    String.raw`https://a.example\@127.0.0.1/`,
    'https://user@a.example/',
    'https://user:password@a.example/',
    'https://:password@a.example/',
    'https://a.example@127.0.0.1/',
    'https://[::1/',
    'https://a.example:99999/',
  ])('%j', (url) => refusal(url, { allowHttp: false }))

  // The usual spellings by which guards that look at the text are passed.
  const loopback = [
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
    '127.0.0.1.',
    '127.255.255.254',
    '0',
    '0.0.0.0',
    '①②⑦.⓪.⓪.①',
    '１２７.０.０.１',
    '127。0。0。1',
    '127%2e0%2e0%2e1',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
    '[fe80::1]',
    '[fc00::1]',
    '[fd00:ec2::254]',
    '[ff02::1]',
    '[fec0::1]',
    '[2001:db8::1]',
    '[3fff::1]',
    '[5f00::1]',
    '[100::1]',
    '10.0.0.1',
    '10.255.255.255',
    '100.64.0.1',
    '100.100.100.200',
    '169.254.169.254',
    '169.254.170.2',
    '0xa9fea9fe',
    '2852039166',
    '0251.0376.0251.0376',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '192.0.0.192',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '168.63.129.16',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
  ]
  test.each(loopback)('http://%s/', async (host) => {
    await refusal(`http://${host}/x.mp4`)
    await refusal(`http://${host}:8080/x.mp4`)
  })

  test.each(['localhost', 'localhost.', 'LOCALHOST', 'foo.localhost'])('the name %s', async (host) => {
    const options = { to: newDirectory(), allowHttp: true, retry: { attempts: 1 } }
    const error = await failure(saveUrl(`http://${host}:9/x.mp4`, options))
    // Not every system knows all of them; none may be dialled.
    expect(error.message).not.toMatch(/ECONN/)
    expect(error.message).toMatch(/no public address|ENOTFOUND|EAI_AGAIN/)
  })

  test('a text that is no URL is shown as what it is', async () => {
    const error = await failure(saveUrl('no\u0301t/a/url', { to: newDirectory() }))
    expect(error.message).toBe('not a URL: no\u0301t/a/url')
    for (const secret of ['https://user:secret@[bad/', 'https://[bad/?token=secret', 'https://[bad/#secret']) {
      const shown = `not a URL: a text of ${secret.length} characters`
      expect((await failure(saveUrl(secret, { to: newDirectory() }))).message).toBe(shown)
    }
    const words = [undefined, null, 5, {}, ['https://a.example/']] as never[]
    for (const word of words) {
      expect(await failure(saveUrl(word, { to: newDirectory() }))).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_REFUSED' })
    }
  })
})

describe('allowHosts', () => {
  test('other hosts are refused, however alike', async () => {
    const allowHosts = ['files.example', '203.0.113.7']
    for (const host of [
      'a.files.example',
      'files.example.evil.test',
      'xfiles.example',
      'files.example.',
      '203.0.113.70',
    ]) {
      await refusal(`https://${host}/x.mp4`, { allowHosts })
    }
    await refusal('https://203.0.113.7/x.mp4', { allowHosts })
  })

  test('those in it are asked, in any case of letters', async () => {
    const { url } = await startOrigin((request, response) => serve(request, response, { body: BODY }))
    const options = { ...local(newDirectory()), allowHosts: ['127.0.0.1', 'Files.Example'] }
    expect(await saveUrl(url, options)).toMatchObject({ sha256: sha256Of(BODY) })
    const unknown = await failure(saveUrl('https://FILES.example/x', { ...options, retry: { attempts: 1 } }))
    expect(unknown).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CONNECTION' })
  })
})

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('a %i is followed, five times at most', async (status) => {
    const { url } = await startOrigin((request, response, count) =>
      count <= 5
        ? response.writeHead(status, { location: `/${count}` }).end()
        : serve(request, response, { body: BODY }),
    )
    expect(await saveUrl(url, local(newDirectory()))).toMatchObject({ sha256: sha256Of(BODY), attempts: 1, url })

    const loop = await startOrigin((_, response) => response.writeHead(status, { location: '' }).end())
    await refusal(loop.url, local(newDirectory()))
    expect(loop.requests).toHaveLength(6)
  })

  test.each([
    ['nowhere', undefined],
    ['what is no URL', 'http://['],
    ['another scheme', 'file:///etc/passwd'],
    ['a URL with a password', 'http://user:password@127.0.0.1/'],
    ['another host than is allowed', 'http://localhost/'],
  ])('to %s is refused', async (_, location) => {
    const { url, requests } = await startOrigin((_request, response) =>
      response.writeHead(302, location === undefined ? {} : { location }).end(),
    )
    await refusal(url, { ...local(newDirectory()), allowHosts: ['127.0.0.1'] })
    expect(requests).toHaveLength(1)
  })
})

describe('isPublicAddress', () => {
  test.each(['8.8.8.8', '93.184.216.34', '1.1.1.1', '2606:4700:4700::1111', '2a00:1450:4001:81b::200e', '172.32.0.1'])(
    '%s is one',
    (address) => expect(isPublicAddress(address)).toBe(true),
  )

  test.each([
    '',
    'localhost',
    '127.1',
    '1.2.3',
    '1.2.3.4.5',
    '2606:4700::1%eth0',
    '2606:4700',
    ' 8.8.8.8',
    '8.8.8.8/32',
  ])('%j is not', (address) => expect(isPublicAddress(address)).toBe(false))

  // A table that somebody else keeps, as a second opinion; where ours is the stricter one, ours counts.
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  test('never says yes where ipaddr.js says that an address is special', () => {
    fc.assert(
      fc.property(fc.oneof(bytes(4), bytes(16), nearSpecial()), (raw) => {
        const address = ipaddr.fromByteArray([...raw])
        if (isPublicAddress(address.toString())) expect(address.range(), address.toString()).toBe('unicast')
      }),
      { numRuns: 5_000 },
    )
  })

  /** Random bytes seldom meet a small range. */
  function nearSpecial() {
    const networks = [new ipaddr.IPv4([0, 0, 0, 0]), new ipaddr.IPv6(Array.from({ length: 16 }, () => 0))].flatMap(
      (address) => {
        // Not in its types.
        const { SpecialRanges } = address as unknown as { SpecialRanges: Record<string, unknown[]> }
        const ranges = Object.values(SpecialRanges).flat() as [ipaddr.IPv4 | ipaddr.IPv6, number][]
        return ranges.filter((range) => Array.isArray(range)).map(([network]) => network.toByteArray())
      },
    )
    expect(networks.length).toBeGreaterThan(20)
    return fc
      .tuple(fc.constantFrom(...networks), fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.nat(16))
      .map(([network, noise, from]) => {
        const raw = [...network]
        for (let at = from; at < raw.length; at++) raw[at] = (raw[at] ?? 0) | (noise[at % 4] ?? 0)
        return Uint8Array.from(raw)
      })
  }
})
