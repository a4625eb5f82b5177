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
