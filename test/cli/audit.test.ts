import { createServer } from 'node:http'
import { lumaCallback } from '@luma-callback/express'
import { auditChecks } from '@luma-callback/testing'
import express from 'express'
import { describe, expect, onTestFinished, test } from 'vitest'
import { run } from '../helpers/cli.ts'
import { listen } from '../helpers/servers.ts'
import { SECRET } from '../helpers/signed.ts'

const SOME = ['--only', 'success,malformed,handled']

async function startOurs() {
  const handled = new Map<unknown, number>()
  const hook = ({ taskId }: { taskId: string }) => void handled.set(taskId, (handled.get(taskId) ?? 0) + 1)
  const luma = lumaCallback({
    onSuccess: hook,
    onFailure: hook,
    secret: SECRET,
    path: '/',
    observe: () => {},
    bodyTimeout: 1_000,
  })
  onTestFinished(() => luma.close())
  const app = express().use(luma)
  app.get('/probe', (request, response) => void response.json({ handled: handled.get(request.query['taskId']) ?? 0 }))
  const { url } = await listen(createServer(app))
  return { url, secret: ['--secret', SECRET], probe: ['--probe', `${url}/probe`] }
}

/** Answers everything 200, as people copy it. */
async function startCredulous() {
  return listen(createServer((request, response) => request.resume().on('end', () => response.end())))
}

test('a good receiver passes everything, and the exit code is 0', async () => {
  const { url, secret, probe } = await startOurs()
  const audit = () => run(['audit', url, ...secret, ...probe])
  let { code, stdout, stderr } = await audit()
  // Checks have limits of some seconds: what a busy machine was too slow for is looked at again.
  for (let again = 0; again < 3 && code !== 0; again++) ({ code, stdout, stderr } = await audit())
  expect(stdout).not.toContain('✗')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  for (const { id, level } of auditChecks) expect(stdout).toMatch(new RegExp(`^✓ ${level.padEnd(6)}  ${id} `, 'm'))
  expect(stdout).toMatch(/: no MUST failed\n {2}MUST {4}\d+ passed\n {2}SHOULD {2}\d+ passed\n$/)
})

describe('a receiver that takes everything', () => {
  test('is told what it does otherwise and why it should not, and the exit code is 1', async () => {
    const { url } = await startCredulous()
    const { code, stdout } = await run(['audit', url, ...SOME])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^✓ MUST {4}success {2,}answers 200 to the documented success within 15 s$/m)
    expect(stdout).toMatch(/^✗ MUST {4}malformed .*\n {10}text: answered 200\n {10}because a 200 confirms/m)
    expect(stdout).toMatch(/^– MUST {4}handled /m)
    expect(stdout).toMatch(/: it does not receive callbacks correctly\n {2}MUST {4}1 passed, 1 failed, 1 skipped\n/)
    expect(stdout).toContain('  1 skipped: it needs a probe, which says how often a task was handled')
  })

  test('is told so in JSON', async () => {
    const { url } = await startCredulous()
    const { code, stdout } = await run(['audit', url, ...SOME, '--json'])
    const report = JSON.parse(stdout) as { results: { id: string; verdict: string }[] }
    expect(code).toBe(1)
    expect(report).toMatchObject({
      url: `${url}/`,
      passed: false,
      counts: { MUST: { passed: 1, failed: 1, skipped: 1 } },
    })
    expect(report.results.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
      'success passed',
      'handled skipped',
      'malformed failed',
    ])
  })

  test('is told so in a table of Markdown', async () => {
    const { url } = await startCredulous()
    const { code, stdout } = await run(['audit', url, ...SOME, '--markdown'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^# Audit of /)
    expect(stdout).toMatch(/^\| ✗ \| `malformed` \| MUST \|.*\| text: answered 200 \|$/m)
  })
})

test('where nothing answers, that is said in one line, and the exit code is 2', async () => {
  expect(await run(['audit', 'http://127.0.0.1:9/', ...SOME])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: nothing to audit at http://127.0.0.1:9/: no connection (ECONNREFUSED); is it running?\n',
  })
})

test('a key that is missing is hinted at', async () => {
  const { url } = await startOurs()
  const { code, stderr } = await run(['audit', url, '--only', 'success'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^hint: A documented callback was answered 401: it needs a signature, so give the secret\n$/)
})

test('Ctrl-C ends it', async () => {
  const { url } = await startCredulous()
  const { code, stderr } = await run(['audit', url], { end: { signal: 'SIGINT', after: 'success' } })
  expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
})
