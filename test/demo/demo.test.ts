import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { test, vi, type TestContext } from 'vitest'
import { startChild, type Child } from '../helpers/child.ts'
import { temporaryFolder } from '../helpers/inboxes.ts'

interface DemoOptions {
  onTestFinished: TestContext['onTestFinished']
  /** Where it makes its files. */
  temporary?: string
}

/** Starts the demo, with another receiver than its own if one is named. */
function startDemo(receiver: string | undefined, { onTestFinished, temporary }: DemoOptions): Child {
  const args = receiver === undefined ? [] : [`test/demo/${receiver}-receiver.ts`]
  const env = temporary === undefined ? {} : { TMPDIR: temporary, TEMP: temporary }
  return startChild('examples/demo/demo.ts', args, env, onTestFinished)
}

// They wait for most of their time, so they do it at once; with a bad receiver, until the demo's patience is at its end.
vi.setConfig({ testTimeout: 120_000 })

test.concurrent('the demo exits 0, says that everything went as it should, and leaves no file behind', async ({
  expect,
  onTestFinished,
}) => {
  const temporary = temporaryFolder(onTestFinished)
  const demo = startDemo(undefined, { temporary, onTestFinished })
  expect(await demo.ended, demo.output()).toBe(0)
  expect(demo.output()).toMatch(/Hooks done: 3, running: 10, waiting: \d+/)
  expect(demo.output()).toMatch(/\b1\d cut off hooks run again, 20 of 20 are done/)
  expect(demo.output()).toMatch(
    /29 tasks, \d+ callbacks: your own system is told once of each, 25 successes and 4 failures/,
  )
  expect(demo.output()).toContain('25 of 25 videos are saved, and each equals the original byte for byte.')
  expect(demo.output()).toContain(
    'Every task that was called back got its hook, and got it once; every video is there, whole.',
  )
  expect(demo.output().match(/^✓ .+\.$/gm)).toHaveLength(10)
  expect(demo.output()).not.toContain('✗')
  const lines = demo.output().trimEnd().split('\n')
  expect(lines.length, 'one screen').toBeLessThanOrEqual(24)
  expect(Math.max(...lines.map((line) => line.length)), demo.output()).toBeLessThanOrEqual(100)
  expect(demo.output()).not.toContain('\u001B')
  expect(readdirSync(temporary)).toEqual([])
})

test.concurrent('the demo exits 1 and says what was lost when the receiver keeps nothing', async ({
  expect,
  onTestFinished,
}) => {
  const demo = startDemo('forgetful', { onTestFinished })
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toMatch(/- answered 200, and then lost: (?:\w{32}, ){9,}\w{32}\n/)
})

test.concurrent('the demo exits 1 and says what went wrong when the receiver takes everything', async ({
  expect,
  onTestFinished,
}) => {
  const demo = startDemo('credulous', { onTestFinished })
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toContain('A callback that is signed with another key: expected 401, got 200')
  expect(demo.output()).toContain('each task should have been told once')
  expect(demo.output()).toContain('✗ A callback that is signed with another key is refused: 401.')
})

test.concurrent('the demo exits 1 when the receiver does not start', async ({ expect, onTestFinished }) => {
  const demo = startDemo('no-such', { onTestFinished })
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toContain('the receiver ended before it listened')
})

test.concurrent('the demo exits 1 and shows the last words of a receiver that dies', async ({
  expect,
  onTestFinished,
}) => {
  const demo = startDemo('dying', { onTestFinished })
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toContain('log: Error: a bug in the receiver')
  expect(demo.output()).toContain('the first callback should have been answered 200, it was')
  expect(demo.output()).not.toContain('8 tasks at once')
})

test.concurrent('the demo comes to its end with a receiver that never falls silent', async ({
  expect,
  onTestFinished,
}) => {
  const demo = startDemo('talkative', { onTestFinished })
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toContain('A callback that is cut off on its way: expected 400, got 200')
})

test.concurrent('the demo that is told to end leaves no receiver and no file behind', async ({
  expect,
  onTestFinished,
}) => {
  const temporary = temporaryFolder(onTestFinished)
  const demo = startDemo('stubborn', { temporary, onTestFinished })
  const [, url = ''] = await demo.says(/listens on ([^\s,]+)/)
  demo.process.kill('SIGTERM')
  expect(await demo.ended).toBe(1)
  await expect.poll(() => canConnect(url)).toBe(false)
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
