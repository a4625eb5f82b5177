import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startChild } from '../helpers/child.ts'

test('the demo exits 0, says that everything went as it should, and leaves no file behind', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'luma-demo-test-'))
  onTestFinished(() => rmSync(temporary, { recursive: true }))
  const demo = startChild('examples/demo/demo.ts', [], { TMPDIR: temporary, TEMP: temporary })
  expect(await demo.ended, demo.output()).toBe(0)
  expect(demo.output()).toContain('3 hooks were done, 10 were running, 3 were waiting')
  expect(demo.output()).toMatch(/log: task task-\d\d had been cut off and is delivered again \(attempt 1\)/)
  expect(demo.output()).toContain('a crash amid 16 more, and each of them got its hook.')
  expect(demo.output()).not.toContain('\u001B')
  expect(readdirSync(temporary)).toEqual([])
})

test('the demo exits 1 and says what was lost when the receiver keeps nothing', async () => {
  const demo = startChild('examples/demo/demo.ts', ['test/demo/forgetful-receiver.ts'])
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toMatch(/- answered 200, and then lost: (?:task-\d\d, ){12}task-\d\d\n/)
})

test('the demo exits 1 and says what went wrong when the receiver takes everything', async () => {
  const demo = startChild('examples/demo/demo.ts', ['test/demo/credulous-receiver.ts'])
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toContain('Somebody without the key sends one: expected 401')
  expect(demo.output()).toContain('each hook should have been done once')
})

test('the demo exits 1 when the receiver does not start', async () => {
  const demo = startChild('examples/demo/demo.ts', ['test/demo/no-such-receiver.ts'])
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toContain('the receiver ended before it listened')
})

test('the demo exits 1 and shows the last words of a receiver that dies', async () => {
  const demo = startChild('examples/demo/demo.ts', ['test/demo/dying-receiver.ts'])
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toContain('log: Error: a bug in the receiver')
  expect(demo.output()).toContain('A task succeeded: expected 200 with "received", got no answer')
  expect(demo.output()).not.toContain('It is called back a second time')
})

test('the demo comes to its end with a receiver that never falls silent', async () => {
  const demo = startChild('examples/demo/demo.ts', ['test/demo/talkative-receiver.ts'])
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toContain('The body is cut off: expected 400')
})

test('the demo that is told to end leaves no receiver and no file behind', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'luma-demo-test-'))
  onTestFinished(() => rmSync(temporary, { recursive: true }))
  const env = { TMPDIR: temporary, TEMP: temporary }
  const demo = startChild('examples/demo/demo.ts', ['test/demo/stubborn-receiver.ts'], env)
  const [, url = ''] = await demo.says(/listens on (\S+)/)
  demo.process.kill('SIGTERM')
  expect(await demo.ended).toBe(1)
  await expect.poll(() => canConnect(url), { timeout: 10_000 }).toBe(false)
  expect(readdirSync(temporary)).toEqual([])
})

async function canConnect(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  return once(socket, 'connect').then(
    () => socket.destroy().destroyed,
    () => false,
  )
}
