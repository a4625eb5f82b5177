import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import {
  describeSimulatorEvent,
  startSimulator,
  type SimulatorEvent,
  type SimulatorOptions,
} from '@luma-callback/testing'
import { describe, expect, test, vi } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { listen } from '../helpers/servers.ts'
import { call, simulate, startTarget } from '../helpers/simulator.ts'
import { PATIENCE } from '../helpers/patience.ts'

describe('an option', () => {
  test.each<[problem: string, options: unknown, names: RegExp]>([
    ['is unknown', { failure: 1 }, /unknown option "failure", did you mean "failures"\? Known are port, host/],
    ['is of the prototype', JSON.parse('{"__proto__x": 1}'), /unknown option "__proto__x"/],
    ['port', { port: 65_536 }, /"port" must be an integer from 0 to 65535/],
    ['port', { port: '3000' }, /"port"/],
    ['host', { host: '' }, /"host"/],
    ['apiKey', { apiKey: 'two words' }, /"apiKey"/],
    ['apiKey', { apiKey: '' }, /"apiKey"/],
    ['secret', { secret: ' key' }, /"secret"/],
    ['secret', { secret: '' }, /"secret"/],
    ['seed', { seed: 1.5 }, /"seed"/],
    ['seed', { seed: -1 }, /"seed"/],
    ['generationTime', { generationTime: [2, 1] }, /"generationTime"/],
    ['generationTime', { generationTime: [1, 2, 3] }, /"generationTime"/],
    ['generationTime', { generationTime: 2 ** 31 }, /"generationTime" must be an integer from 0 to 2147483647/],
    ['generationTime', { generationTime: Number.NaN }, /"generationTime"/],
    ['deliveryTimeout', { deliveryTimeout: 0 }, /"deliveryTimeout"/],
    ['retries', { retries: -1 }, /"retries"/],
    ['retries', { retries: Infinity }, /"retries"/],
    ['retryPause', { retryPause: [] }, /"retryPause"/],
    ['retryPause', { retryPause: [1, -1] }, /"retryPause"/],
    ['failures', { failures: 1.1 }, /"failures" must be a number from 0 to 1/],
    ['duplicates', { duplicates: -0.1 }, /"duplicates"/],
    ['rateLimited', { rateLimited: '0.5' }, /"rateLimited"/],
    ['credits', { credits: -1 }, /"credits"/],
    ['unavailable', { unavailable: 404 }, /"unavailable" must be 455, 500, 501 or 505/],
    ['linkLifetime', { linkLifetime: -1 }, /"linkLifetime"/],
    ['fileLifetime', { fileLifetime: null }, /"fileLifetime"/],
    ['observe', { observe: 'log' }, /"observe" must be a function/],
    ['is not in an object', 'port', /its options must be an object/],
    ['is not in an object', null, /its options must be an object/],
  ])('that is wrong is refused by name: %s %j', async (_problem, options, names) => {
    await expect(startSimulator(options as SimulatorOptions)).rejects.toThrow(TypeError)
    await expect(startSimulator(options as SimulatorOptions)).rejects.toThrow(names)
  })

  test('that is refused is not shown, as it may be a secret', async () => {
    const error: unknown = await startSimulator({ secret: ' whk_real_key' }).catch((caught: unknown) => caught)
    expect(String(error)).not.toContain('whk_real_key')
  })

  test('that is undefined is left out', async () => {
    const simulator = await simulate({ seed: undefined, secret: undefined, failures: undefined })
    expect(simulator.seed).toEqual(expect.any(Number))
    expect(simulator.apiKey).toBe('simulator-key')
  })

  test('has its row in its page, in the same order', () => {
    const source = readFileSync(join(ROOT, 'packages/testing/src/simulator/options.ts'), 'utf8')
    const [, declared = ''] = /export interface SimulatorOptions \{([\s\S]*?)\n\}/.exec(source) ?? []
    const options = [...declared.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name)
    const page = readFileSync(join(ROOT, 'packages/testing/docs/simulator.md'), 'utf8')
    const [, table = ''] = /^\| option [^\n]*\n\|[-| ]*\n((?:\|[^\n]*\n)*)/m.exec(page) ?? []
    const rows = table.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)/g)])
    expect(rows.map(([, name]) => name)).toEqual(options)
  })
})

describe('where it listens', () => {
  test('a port that is in use is told in one message, with what to do', async () => {
    const { port } = await listen(createServer())
    await expect(startSimulator({ port })).rejects.toThrow(
      `startSimulator: port ${port} of 127.0.0.1 is in use; choose another, or 0 for a free one`,
    )
  })

  test('an address that is not here is told', async () => {
    await expect(startSimulator({ host: '203.0.113.1' })).rejects.toThrow(/cannot listen on port 0 of 203\.0\.113\.1/)
  })

  test('a server on all addresses tells one that can be called', async () => {
    const simulator = await simulate({ host: '0.0.0.0' })
    expect(simulator.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(await call(simulator, '/api/v1/modify/record-info?taskId=1')).toMatchObject({ code: 404 })
  })
})

describe('the seed', () => {
  const trouble: SimulatorOptions = {
    failures: 0.3,
    duplicates: 0.3,
    contradictions: 0.3,
    cutBodies: 0.2,
    generationTime: [0, 20],
  }

  /** What was decided, task by task; when it came is not. */
  async function decisions(options: SimulatorOptions) {
    const target = await startTarget()
    const simulator = await simulate({ ...trouble, ...options })
    for (let count = 0; count < 30; count++) simulator.submit({ callBackUrl: target.url })
    await simulator.idle()
    return simulator.tasks.map(({ taskId, state, generationTime, resultUrls }) => ({
      taskId,
      state,
      generationTime,
      files: resultUrls.map((url) => new URL(url).pathname),
      deliveries: simulator.deliveries
        .filter((delivery) => delivery.taskId === taskId)
        .map(({ kind, status }) => `${kind} ${status}`),
    }))
  }

  test('that is the same makes the same decisions, whatever happens at once', async () => {
    expect(await decisions({ seed: 42 })).toEqual(await decisions({ seed: 42 }))
  })

  test('that is another makes others', async () => {
    const [first, second] = [await decisions({ seed: 1 }), await decisions({ seed: 2 })]
    expect(first.map(({ taskId }) => taskId)).not.toEqual(second.map(({ taskId }) => taskId))
    expect(first.map(({ state }) => state)).not.toEqual(second.map(({ state }) => state))
  })

  test('that it chose itself is told, and makes the same again', async () => {
    const first = await simulate()
    const second = await simulate({ seed: first.seed })
    expect(second.submit()).toBe(first.submit())
    expect((await simulate()).submit()).not.toBe(first.tasks[0]?.taskId)
  })

  test('decides each thing apart: other failures change no generation time', async () => {
    const times = async (failures: number) =>
      (await decisions({ seed: 9, failures })).map(({ taskId, generationTime }) => [taskId, generationTime])
    expect(await times(0)).toEqual(await times(1))
  })
})

describe('what is told', () => {
  /** One of every kind, as it comes. */
  async function tell(observe: (event: SimulatorEvent) => unknown): Promise<void> {
    const target = await startTarget((response, number) => response.writeHead(number === 1 ? 500 : 200).end('busy'))
    const simulator = await simulate({ observe, retries: 1 })
    simulator.submit({ callBackUrl: target.url })
    await simulator.idle()
    simulator.submit({ callBackUrl: 'http://127.0.0.1:1/' })
    await simulator.idle()
    const url = simulator.tasks[0]?.resultUrls[0] ?? ''
    await call(simulator, '/api/v1/common/download-url', { body: { url } })
    await call(simulator, '/nothing')
    await (await fetch(url)).arrayBuffer()
  }

  test('is every step, each in one line', async () => {
    const events: SimulatorEvent[] = []
    await tell((event) => events.push(event))
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set(['submitted', 'refused', 'generated', 'delivered', 'retrying', 'undelivered', 'linked', 'file']),
    )
    const lines = events.map(describeSimulatorEvent)
    for (const line of lines) expect(line).toMatch(/^simulator: [^\n]+$/)
    expect(lines).toContainEqual(
      expect.stringMatching(/delivery 1 \(first\) for task \w+ failed, answered 500: busy; the next one is in 0 ms/),
    )
    expect(lines).toContainEqual(
      expect.stringMatching(/delivery 2 \(retry\) for task \w+ was answered 200 in [\d.]+ m?s/),
    )
    expect(lines).toContainEqual(expect.stringMatching(/failed for good, connect ECONNREFUSED/))
    expect(lines).toContainEqual(
      expect.stringMatching(/^simulator: answered 404 to GET \/nothing: there is no such endpoint/),
    )
  })

  test('can forge no line and fill no screen', async () => {
    const events: SimulatorEvent[] = []
    const target = await startTarget((response) => response.writeHead(500).end('a\n\u001B[31mforged\u202E\r\n'))
    const simulator = await simulate({ observe: (event) => events.push(event), retries: 0 })
    simulator.submit({ callBackUrl: `${target.url}/${'x'.repeat(5_000)}` })
    await simulator.idle()
    for (const line of events.map(describeSimulatorEvent)) {
      expect(line).not.toMatch(/[\p{Cc}\u202E]/u)
      expect(line.length).toBeLessThan(1_000)
    }
    expect(events.map(describeSimulatorEvent).at(-1)).toContain('answered 500: a\\u{a}\\u{1b}[31mforged')
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('a bug in observe')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('a bug in observe'))],
    ['rejects in another realm', () => runInNewContext(`Promise.reject(new Error('a bug in observe'))`) as unknown],
  ])('to an observer that %s does no harm', async (_how, observe) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    await tell(observe)
    await vi.waitFor(() => expect(log).toHaveBeenCalledWith(expect.stringContaining('a bug in observe')), PATIENCE)
    log.mockRestore()
  })

  test('of tasks and deliveries is a copy', async () => {
    const target = await startTarget()
    const simulator = await simulate({ generationTime: 10 })
    simulator.submit({ callBackUrl: target.url })
    const [before] = simulator.tasks
    const deliveries = simulator.deliveries
    await simulator.idle()
    expect(before).toMatchObject({ state: 'generating', callback: 'pending', resultUrls: [] })
    expect(deliveries).toEqual([])
    expect(simulator.tasks).toMatchObject([{ state: 'success', callback: 'delivered', number: 1 }])
    expect(simulator.tasks[0]).not.toHaveProperty('plan')
  })

  test('in the summary is how many of everything there were', async () => {
    const target = await startTarget()
    const simulator = await simulate({ duplicates: 1, credits: 3 })
    for (const callBackUrl of [target.url, 'http://127.0.0.1:1/', undefined]) simulator.submit({ callBackUrl })
    expect(simulator.summary()).toMatchObject({ submitted: 3, generating: 3, pending: 2, deliveries: 0 })
    await call(simulator, '/api/v1/modify/generate', { body: { prompt: 'a', videoUrl: 'https://files.example/a.mp4' } })
    await simulator.idle()
    expect(simulator.summary()).toEqual({
      refused: 1,
      submitted: 3,
      generating: 0,
      succeeded: 3,
      failed: 0,
      pending: 0,
      delivered: 1,
      undelivered: 1,
      deliveries: 6,
      retries: 3,
      duplicates: 1,
      contradictions: 0,
    })
  })
})

describe('close', () => {
  test('breaks off what is under way, and leaves nothing that listens', async () => {
    const target = await startTarget(() => {})
    const simulator = await simulate({ outOfOrder: 0.5 })
    for (let count = 0; count < 20; count++) simulator.submit({ callBackUrl: target.url })
    await vi.waitFor(() => expect(target.arrived.length).toBeGreaterThan(0), PATIENCE)
    const kept = connect(Number(new URL(simulator.url).port), '127.0.0.1')
    await once(kept, 'connect')
    const isClosed = new Promise((resolve) => kept.once('close', resolve))
    const idle = simulator.idle()
    await simulator.close()
    await idle
    await isClosed
    await expect(fetch(simulator.url)).rejects.toThrow()
    expect(() => simulator.submit()).toThrow('the simulator is closed')
    for (const { error } of simulator.deliveries) expect(error).toBe('the simulator was closed')
  })

  test('ends tasks that take long and retries that wait, at once', async () => {
    const simulator = await simulate({ retryPause: 60_000 })
    simulator.submit({ callBackUrl: 'http://127.0.0.1:1/' })
    await vi.waitFor(() => expect(simulator.deliveries).toHaveLength(1), PATIENCE)
    const slow = await simulate({ generationTime: 60_000 })
    slow.submit()
    await Promise.all([simulator.close(), slow.close()])
    expect(simulator.summary()).toMatchObject({ pending: 1 })
    expect(slow.summary()).toMatchObject({ generating: 1 })
  })

  test('can be called twice', async () => {
    const simulator = await simulate()
    await Promise.all([simulator.close(), simulator.close()])
    await simulator.close()
  })
})
