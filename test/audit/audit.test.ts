import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { auditChecks, auditEndpoint, auditMarkdown, type AuditResult } from '@luma-callback/testing'
import { describe, expect, test } from 'vitest'
import { listen } from '../helpers/servers.ts'
import { PATIENCE } from '../helpers/patience.ts'

const answer =
  (status: number, body = '{}'): RequestListener =>
  (_request, response) =>
    void response.writeHead(status).end(body)

const reasons = (results: readonly AuditResult[]) =>
  Object.fromEntries(results.map(({ id, verdict, reason = '' }) => [id, reason ? `${verdict}: ${reason}` : verdict]))

describe('an audit', () => {
  test('of an address where nothing listens is refused, and says so', async () => {
    const server = createServer()
    const { url } = await listen(server)
    server.close()
    await expect(auditEndpoint({ url: `${url}/luma?token=abc` })).rejects.toMatchObject({
      name: 'NoAnswer',
      code: 'ERR_LUMA_NO_ANSWER',
      message: `nothing to audit at ${url}/luma: no connection (ECONNREFUSED); is it running?`,
    })
  })

  test('with a probe that does not tell is refused, and says so', async () => {
    const { url } = await listen(createServer(answer(404, 'not here')))
    await expect(auditEndpoint({ url, probe: `${url}/probe` })).rejects.toMatchObject({
      code: 'ERR_LUMA_NO_ANSWER',
      message: `nothing to audit at ${url}/probe: the probe answered 404 without {"handled": <number>}; is it running?`,
    })
  })

  test('without a key and a probe skips what needs them, and says what it lacks', async () => {
    const { url } = await listen(createServer(answer(200)))
    const only = ['success', 'signature-wrong', 'handled', 'forged-not-handled']
    const { results, counts, passed } = await auditEndpoint({ url, only })
    expect(reasons(results)).toEqual({
      success: 'passed',
      handled: 'skipped: it needs a probe, which says how often a task was handled',
      'signature-wrong': 'skipped: it needs the endpoint’s secret',
      'forged-not-handled': 'skipped: it needs the endpoint’s secret',
    })
    expect(counts).toEqual({ MUST: { passed: 1, failed: 0, skipped: 3 }, SHOULD: { passed: 0, failed: 0, skipped: 0 } })
    expect(passed).toBe(true)
  })

  test.each([
    [401, undefined, 'it needs a signature, so give the secret'],
    [403, 'whk_other', 'does the endpoint have the same secret?'],
    [404, undefined, 'is the path right?'],
    [405, undefined, 'does this address take a POST?'],
  ])('whose first callback is answered %s gives a hint', async (status, secret, hint) => {
    const { url } = await listen(createServer(answer(status)))
    const report = await auditEndpoint({ url, only: ['success'], ...(secret !== undefined && { secret }) })
    expect(report.hint).toBe(`A documented callback was answered ${status}: ${hint}`)
    expect(report.passed).toBe(false)
  })

  test('signs nothing where there is no key', async () => {
    const signed: unknown[] = []
    const { url } = await listen(
      createServer((request, response) => {
        signed.push(request.headers['x-webhook-signature'])
        response.end()
      }),
    )
    await auditEndpoint({ url, only: ['success'] })
    expect(signed).toEqual([undefined, undefined])
  })

  test('names the check that ended a server, and skips the rest', async () => {
    const server = createServer((request, response) => {
      if (request.method === 'POST') return answer(200)(request, response)
      server.close()
      server.closeAllConnections()
    })
    const { url } = await listen(server)
    const { results } = await auditEndpoint({ url, only: ['success', 'method', 'empty', 'no-redirect'] })
    expect(reasons(results)).toMatchObject({
      success: 'passed',
      method: expect.stringMatching(/^failed: GET: the connection was cut off/),
      empty: 'skipped: the endpoint no longer answers',
      'no-redirect': 'skipped: the endpoint no longer answers',
    })
  })

  test('goes on when a server that ended is started again', async () => {
    const server = createServer((request, response) => {
      if (request.method === 'POST') return answer(200)(request, response)
      const { port } = server.address() as { port: number }
      server.close(() => setTimeout(() => server.listen(port, '127.0.0.1'), 300))
      server.closeAllConnections()
    })
    const { url } = await listen(server)
    const { results } = await auditEndpoint({ url, only: ['success', 'method', 'duplicate'] })
    expect(reasons(results)).toMatchObject({ method: expect.stringContaining('failed'), duplicate: 'passed' })
  })

  test('ends when its time is over, and skips what it could not finish', async () => {
    const slow = async (response: ServerResponse) => {
      await sleep(500)
      response.end()
    }
    const { url } = await listen(createServer((_request, response) => void slow(response)))
    const { results, duration } = await auditEndpoint({ url, timeout: 5_000 })
    expect(results).toHaveLength(auditChecks.length)
    expect(reasons(results)).toMatchObject({
      success: 'passed',
      'slow-body': "skipped: the audit's 5 s were over",
      'no-redirect': "skipped: the audit's 5 s were over",
    })
    expect(duration).toBeLessThan(PATIENCE.timeout)
  })

  test('ends at once with the reason of its signal', async () => {
    const { url } = await listen(createServer(() => {}))
    const controller = new AbortController()
    const audit = auditEndpoint({ url, signal: controller.signal })
    await sleep(50)
    controller.abort(new Error('enough'))
    await expect(audit).rejects.toThrow('enough')
  })

  test('tells each result as it comes, in the order of the list', async () => {
    const { url } = await listen(createServer(answer(200)))
    const told: string[] = []
    const only = ['duplicate', 'success', 'failure']
    const { results } = await auditEndpoint({ url, only, observe: ({ id }) => told.push(id) })
    expect(told).toEqual(['success', 'failure', 'duplicate'])
    expect(results.map(({ id }) => id)).toEqual(told)
  })

  test('keeps the query of the address, and keeps it out of the report', async () => {
    const asked: unknown[] = []
    const { url } = await listen(
      createServer((request, response) => {
        asked.push(request.url)
        response.end()
      }),
    )
    const report = await auditEndpoint({ url: `${url}/luma?token=abc`, only: ['query'] })
    expect(asked).toEqual(['/luma?token=abc', expect.stringMatching(/^\/luma\?token=abc&order=17&/)])
    expect(report.url).toBe(`${url}/luma`)
    expect(auditMarkdown(report)).not.toContain('abc')
  })

  test('does not pass on what a server writes to move a terminal or fill it', async () => {
    const { url } = await listen(createServer(answer(500, `\u001b[2J<b>no&#39;</b>\u202e${'x'.repeat(1_000_000)}`)))
    const { results } = await auditEndpoint({ url, only: ['success'] })
    expect(results[0]?.reason).toMatch(/^answered 500 \[2J no' x{60,80}…$/)
  })

  test('comes to its end with a server whose answer has none', async () => {
    const { url } = await listen(
      createServer((_request, response) => {
        const timer = setInterval(() => response.write('x'.repeat(100_000)), 5)
        response.on('close', () => clearInterval(timer))
      }),
    )
    expect((await auditEndpoint({ url, only: ['success'] })).passed).toBe(true)
  })

  test.each([
    [{ url: 'localhost:3000' }, 'option "url" must be an http(s) URL'],
    [{ url: 'ftp://localhost' }, 'option "url" must be an http(s) URL'],
    [{ url: 'http://localhost', secret: '' }, 'option "secret" must be a text that is not empty'],
    [{ url: 'http://localhost', probe: 'probe' }, 'option "probe" must be an http(s) URL'],
    [{ url: 'http://localhost', resultUrl: 'x' }, 'option "resultUrl" must be an http(s) URL'],
    [
      { url: 'http://localhost', timeout: 0 },
      'option "timeout" must be an integer from 1 to 2147483647, in milliseconds',
    ],
    [
      { url: 'http://localhost', only: ['sucess'] },
      'option "only" must be a list of the ids of checks, but its entry 1 is not one, did you mean "success"?',
    ],
  ])('is refused with wrong options: %j', async (options, message) => {
    await expect(auditEndpoint(options)).rejects.toThrow(new TypeError(`auditEndpoint: ${message}`))
  })
})

test('the report as Markdown begins with what failed', async () => {
  const { url } = await listen(createServer(answer(200, 'a|b')))
  const report = await auditEndpoint({ url, only: ['success', 'malformed', 'signature-wrong'] })
  const lines = auditMarkdown(report).split('\n')
  expect(lines[0]).toBe(`# Audit of ${url}/`)
  expect(lines[2]).toMatch(
    /: of the MUST checks 1 passed, 1 failed, 1 skipped; of the SHOULD checks 0 passed, 0 failed\.$/,
  )
  expect(lines.filter((line) => line.startsWith('| ✗'))).toEqual([
    '| ✗ | `malformed` | MUST | refuses a body that is not JSON: 400 | a 200 confirms a result, but there is none | text: answered 200 a\\|b |',
  ])
  expect(lines.slice(6).map((line) => line.slice(0, 20))).toEqual([
    '| ✗ | `malformed` | ',
    '| – | `signature-wro',
    '| ✓ | `success` | MU',
    '',
  ])
})
