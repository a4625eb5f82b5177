import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer } from 'node:http'
import { createHandler } from '@luma-callback/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { jsonLines, run } from '../helpers/cli.ts'
import { FAMILY_BODIES } from '../helpers/families.ts'
import { temporaryFolder } from '../helpers/inboxes.ts'
import { listen } from '../helpers/servers.ts'
import { fixtures, SECRET, TASK_ID } from '../helpers/signed.ts'
import { startTarget } from '../helpers/simulator.ts'

describe('one callback', () => {
  test('is shown with its answer', async () => {
    const target = await startTarget((response) => response.end('{"status":"received"}'))
    const { code, stdout, stderr } = await run(['send', target.url])
    const taskId = target.arrived[0]?.body.data.taskId
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^200  ${taskId}  \\d+(\\.\\d)? m?s  \\{"status":"received"\\}\\n$`))
    expect(target.arrived[0]?.body).toMatchObject({ code: 200, data: { resultUrls: [expect.any(String)] } })
  })

  test('can be a failure, of a task of one’s choice', async () => {
    const target = await startTarget()
    expect(await run(['send', target.url, '--fail', '--task-id', '17'])).toMatchObject({ code: 0 })
    expect(target.arrived[0]?.body).toMatchObject({ code: 500, data: { taskId: '17' } })
  })

  test('is signed so that core takes it', async () => {
    const handler = createHandler({ secret: SECRET, onSuccess: () => {}, observe: () => {} })
    onTestFinished(() => handler.close())
    const { url } = await listen(
      createServer((request, response) => {
        const { method = '', url: path = '', headers } = request
        void handler.handle({ method, url: path, headers, stream: request }).then((answer) => {
          response.writeHead(answer.status, answer.headers).end(answer.body)
        })
      }),
    )
    const signed = await run(['send', url, '--secret', SECRET])
    const unsigned = await run(['send', url])
    expect(signed).toMatchObject({ code: 0, stdout: expect.stringContaining('200  ') })
    expect(unsigned).toMatchObject({ code: 1, stdout: expect.stringContaining('401  ') })
    expect(unsigned.stderr).toContain('hint: the receiver needs a signature: give its key as --secret')
  })
})

describe('a file', () => {
  test('is sent as it is, byte for byte', async () => {
    const bytes: Buffer[] = []
    const { url } = await listen(
      createServer((request, response) => {
        request.on('data', (chunk: Buffer) => bytes.push(chunk)).on('end', () => response.end())
      }),
    )
    const file = join(temporaryFolder(), 'callback.json')
    const content = Buffer.from([0xff, 0xfe, 0x00, 0x7b, 0x0a])
    writeFileSync(file, content)
    expect(await run(['send', url, '--file', file])).toMatchObject({ code: 0 })
    expect(Buffer.concat(bytes)).toEqual(content)
  })

  test('can be the standard input, and is signed for the task that it names', async () => {
    const target = await startTarget()
    const { code, stdout } = await run(['send', target.url, '--file', '-', '--secret', SECRET], {
      input: fixtures.success,
    })
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(TASK_ID) })
    expect(target.arrived[0]?.text).toBe(fixtures.success)
    expect(target.arrived[0]?.headers).toHaveProperty('x-webhook-signature')
  })

  test('may be the callback of another API, which is signed for that task', async () => {
    const target = await startTarget()
    const [aleph] = FAMILY_BODIES.filter(({ family }) => family === 'aleph')
    const { code, stdout } = await run(['send', target.url, '--file', '-', '--secret', SECRET], {
      input: aleph?.body ?? '',
    })
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(aleph?.taskId ?? '') })
  })

  test('that names no task can only be signed for one that is given', async () => {
    const target = await startTarget()
    const args = ['send', target.url, '--file', '-', '--secret', SECRET]
    expect(await run(args, { input: '{}' })).toMatchObject({
      code: 2,
      stderr: 'error: - names no task to sign for\nhint: a signature is of a task: give its id as --task-id\n',
    })
    expect(await run([...args, '--task-id', '17'], { input: '{}' })).toMatchObject({ code: 0 })
    expect(target.arrived).toHaveLength(1)
  })
})

describe('many callbacks', () => {
  test('are of a task each, come again when they are asked to, and are counted', async () => {
    const target = await startTarget()
    const { code, stdout } = await run(['send', target.url, '--count', '30', '--duplicate', '2'])
    expect(code).toBe(0)
    expect(target.arrived).toHaveLength(90)
    expect(new Set(target.arrived.map(({ text }) => text)).size).toBe(30)
    expect(stdout).toMatch(/^90 callbacks in .*\n {2}90 × 200\n {2}answered after .* in the median/)
  })

  test('that are not answered 200 are shown, and the exit code is 1', async () => {
    const target = await startTarget((response, number) =>
      response.writeHead(number === 7 ? 503 : 200).end('busy\nnow'),
    )
    const { code, stdout } = await run(['send', target.url, '--count', '40'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^503  \w{32}  .*  busy now\n40 callbacks in /)
    expect(stdout).toContain('  39 × 200\n  1 × 503\n')
  })

  test('are sent no faster than the rate', async () => {
    const target = await startTarget()
    const { stdout } = await run(['send', target.url, '--count', '6', '--rate', '20', '--json'])
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'summary', elapsed: expect.any(Number) })
    expect(Number(jsonLines(stdout).at(-1)?.['elapsed'])).toBeGreaterThanOrEqual(245)
  })

  test('are at once no more than asked for', async () => {
    let now = 0
    let most = 0
    let open: () => void
    const threeAreThere = new Promise<void>((resolve) => (open = resolve))
    const target = await startTarget((response) => {
      most = Math.max(most, ++now)
      if (now === 3) open()
      const end = () => {
        now--
        response.end()
      }
      // However slowly they come, three come to be there at once; then there is time for a fourth.
      void threeAreThere.then(() => setTimeout(end, 10))
    })
    await run(['send', target.url, '--count', '20', '--concurrency', '3'])
    expect(most).toBe(3)
  })

  test('are JSON, a line each, for programs', async () => {
    const target = await startTarget((response) => response.end('ok'))
    const { stdout } = await run(['send', target.url, '--count', '2', '--duplicate', '--json'])
    const lines = jsonLines(stdout)
    expect(lines.slice(0, 4).map(({ type, kind, status, answer }) => [type, kind, status, answer])).toEqual(
      expect.arrayContaining([
        ['delivery', 'first', 200, 'ok'],
        ['delivery', 'duplicate', 200, 'ok'],
      ]),
    )
    expect(lines[4]).toMatchObject({ type: 'summary', deliveries: 4, answers: { '200': 4 } })
  })

  test('that are ended by Ctrl-C are summed up as far as they came', async () => {
    const target = await startTarget()
    const args = ['send', target.url, '--count', '100000', '--rate', '50', '--json']
    const { code, stdout } = await run(args, { end: { signal: 'SIGINT', after: '\n' } })
    expect(code).toBe(130)
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'summary' })
  })
})

describe('what goes wrong', () => {
  test('is said: nobody listens', async () => {
    const { code, stdout, stderr } = await run(['send', 'http://127.0.0.1:2/luma'])
    expect(code).toBe(2)
    expect(stdout).toMatch(/^no answer .* connect ECONNREFUSED 127\.0\.0\.1:2\n$/)
    expect(stderr).toBe('hint: nothing listens at http://127.0.0.1:2: is the receiver running?\n')
  })

  test.each<[status: number, hint: RegExp]>([
    [401, /the receiver needs a signature/],
    [404, /is the path right\?/],
    [405, /does this URL accept POST\?/],
    [307, /the provider follows no redirect; this one leads to \/elsewhere/],
  ])('is said: %i', async (status, hint) => {
    const target = await startTarget((response) => response.writeHead(status, { location: '/elsewhere' }).end())
    const { code, stderr } = await run(['send', target.url])
    expect(code).toBe(1)
    expect(stderr).toMatch(hint)
    expect(target.arrived).toHaveLength(1)
  })

  test('is said: no answer in time', async () => {
    const { url } = await listen(createServer(() => {}))
    const { code, stdout } = await run(['send', url, '--timeout', '100ms'])
    expect(code).toBe(2)
    expect(stdout).toContain('no answer within 100 ms')
  })

  test('is a receiver that moves the cursor or has no end', async () => {
    const { url } = await listen(
      createServer((request, response) => {
        response.on('error', () => {})
        request.resume()
        response.write('\u001B[2J\u202Eforged')
        const more = setInterval(() => response.write('x'.repeat(10_000)), 5)
        response.on('close', () => clearInterval(more))
      }),
    )
    const { code, stdout } = await run(['send', url])
    expect(code).toBe(0)
    expect(stdout).not.toMatch(/[^\P{Cc}\n]|\u202E/u)
    expect(stdout.length).toBeLessThan(1_000)
  })
})
