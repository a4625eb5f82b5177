import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startChild } from '../helpers/child.ts'

test('the demo exits 0 and says that everything went as it should', async () => {
  const demo = startChild('examples/demo/demo.ts')
  expect(await demo.ended).toBe(0)
  expect(demo.output()).toContain('5 deliveries, all answered as they should be; each hook ran once.')
  expect(demo.output()).not.toContain('\u001B')
})

test('the demo exits 1 and says what went wrong when the receiver takes everything', async () => {
  const demo = startChild('examples/demo/demo.ts', ['test/demo/credulous-receiver.ts'])
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toContain('Somebody without the key sends one: expected 401')
  expect(demo.output()).toContain('each hook should have run once')
})

test('the demo exits 1 when the receiver does not start', async () => {
  const demo = startChild('examples/demo/demo.ts', ['test/demo/no-such-receiver.ts'])
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toContain('the receiver ended before it listened')
})

test('the demo exits 1 and shows the last words of a receiver that dies', async () => {
  const demo = startChild('examples/demo/demo.ts', ['test/demo/dying-receiver.ts'])
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toContain('the receiver says: Error: a bug in the receiver')
  expect(demo.output()).toContain('A task succeeded: expected 200 with "received", got no answer')
  expect(demo.output()).not.toContain('It is called back a second time')
})

test('the demo comes to its end with a receiver that never falls silent', async () => {
  const demo = startChild('examples/demo/demo.ts', ['test/demo/talkative-receiver.ts'])
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toContain('The body is cut off: expected 400')
})

test('the demo that is told to end leaves no receiver behind', async () => {
  const demo = startChild('examples/demo/demo.ts', ['test/demo/stubborn-receiver.ts'])
  const [, url = ''] = await demo.says(/listens on (\S+)/)
  demo.process.kill('SIGTERM')
  expect(await demo.ended).toBe(1)
  await expect.poll(() => canConnect(url), { timeout: 10_000 }).toBe(false)
})

async function canConnect(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  return once(socket, 'connect').then(
    () => socket.destroy().destroyed,
    () => false,
  )
}
