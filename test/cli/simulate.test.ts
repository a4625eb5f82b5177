import { describe, expect, test } from 'vitest'
import { startCommand } from '../helpers/child.ts'
import { CLI, jsonLines, run } from '../helpers/cli.ts'
import { startTarget } from '../helpers/simulator.ts'

const QUICK = ['--generation-time', '0', '--retry-pause', '0']

describe('with a URL', () => {
  test('it submits tasks, shows each step, sums up, and ends', async () => {
    const target = await startTarget()
    const args = ['simulate', target.url, '--count', '5', '--seed', '3', '--duplicates', '1', '--failures', '0.5']
    const { code, stdout, stderr } = await run([...args, ...QUICK])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      /^The simulated provider is at http:\/\/127\.0\.0\.1:\d+\n {2}API key {2}simulator-key\n {2}seed {5}3\n/,
    )
    const taskId = target.arrived[0]?.body.data.taskId
    expect(stdout).toMatch(new RegExp(`^\\d\\d:\\d\\d:\\d\\d  submitted   ${taskId}  for ${target.url}$`, 'm'))
    expect(stdout).toMatch(new RegExp(`^.{8}  answer 200  ${taskId}  callback, [\\d.]+ m?s$`, 'm'))
    expect(stdout).toMatch(new RegExp(`^.{8}  answer 200  ${taskId}  duplicate \\(2\\), [\\d.]+ m?s$`, 'm'))
    expect(stdout).toMatch(/\n5 tasks: \d succeeded, \d failed\n10 deliveries, 5 duplicated\ncallbacks: 5 delivered\n$/)
    expect(target.arrived).toHaveLength(10)
  })

  test('it exits 1 when a callback is given up, and says why', async () => {
    const target = await startTarget((response) => response.writeHead(500).end('a bug'))
    const { code, stdout } = await run(['simulate', target.url, '--retries', '1', ...QUICK])
    expect(code).toBe(1)
    expect(stdout).toMatch(/answer 500 {2}\w{32} {2}callback, [\d.]+ m?s: a bug; again in 0 ms/)
    expect(stdout).toMatch(/answer 500 {2}\w{32} {2}retry \(2\), [\d.]+ m?s: a bug; not sent again/)
    expect(stdout).toContain('callbacks: 0 delivered, 1 given up')
  })

  test('it does the same again with the same seed', async () => {
    const target = await startTarget()
    const args = ['simulate', target.url, '--count', '5', '--seed', '8', '--failures', '0.5', '--json', ...QUICK]
    const outcomes = async () =>
      jsonLines((await run(args)).stdout)
        .filter(({ type }) => type === 'generated')
        .map(({ task }) => task as { taskId: string; state: string })
        .map(({ taskId, state }) => `${taskId} ${state}`)
        .toSorted()
    expect(await outcomes()).toEqual(await outcomes())
  })

  test('it tells programs everything, a line each', async () => {
    const target = await startTarget()
    const { stdout } = await run(['simulate', target.url, '--json', ...QUICK])
    const lines = jsonLines(stdout)
    expect(lines.map(({ type }) => type)).toEqual(['started', 'submitted', 'generated', 'delivered', 'summary'])
    expect(lines[0]).toEqual({
      type: 'started',
      url: expect.any(String),
      apiKey: 'simulator-key',
      seed: expect.any(Number),
    })
    expect(lines[1]).toHaveProperty('time')
    expect(lines.at(-1)).toMatchObject({ submitted: 1, delivered: 1 })
  })

  test('Ctrl-C ends it, with what there was so far', async () => {
    const { code, stdout } = await run(['simulate', 'http://127.0.0.1:9/', '--generation-time', '1h'], {
      end: { signal: 'SIGINT', after: 'submitted' },
    })
    expect(code).toBe(130)
    expect(stdout).toContain('1 task: 0 succeeded, 0 failed, 1 not finished')
  })

  test('it can stay, so that the results can be fetched', async () => {
    const target = await startTarget()
    const child = startCommand(process.execPath, [CLI, 'simulate', target.url, '--stay', ...QUICK])
    await child.says(/answer 200/)
    const [resultUrl = ''] = target.arrived[0]?.body.data.resultUrls ?? []
    expect((await fetch(resultUrl)).status).toBe(200)
    await child.says(/file 200/)
    child.process.kill('SIGINT')
    expect(await child.ended).toBe(0)
  })
})

describe('without a URL', () => {
  test('it shows how to submit a task, takes it, and Ctrl-C is its proper end', async () => {
    const target = await startTarget()
    const child = startCommand(process.execPath, [CLI, 'simulate', '--port', '0', '--generation-time', '0'])
    const [, command = ''] = await child.says(/^ {2}(curl [^]*?\}')$/m)
    const [, url = ''] = /(http:\S+)/.exec(command) ?? []
    const [, body = ''] = /-d '(.*)'$/.exec(command) ?? []
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: 'Bearer simulator-key' },
      body: body.replace(/http:\/\/localhost:3000[^"]*/, target.url),
    })
    expect(await response.json()).toMatchObject({ code: 200 })
    await child.says(/answer 200/)
    expect(target.arrived).toHaveLength(1)
    child.process.kill('SIGINT')
    expect(await child.ended).toBe(0)
    expect(child.output()).toContain('callbacks: 1 delivered')
  })

  test('it shows what the API refuses', async () => {
    const child = startCommand(process.execPath, [CLI, 'simulate', '--port', '0', '--api-key', 'mine'])
    const [, url = ''] = await child.says(/is at (http:\S+)/)
    await fetch(`${url}/api/v1/modify/record-info?taskId=1`)
    await child.says(/API 401 {5}GET \/api\/v1\/modify\/record-info {2}You do not have access/)
  })

  test('it says in one line that its port is in use', async () => {
    const target = await startTarget()
    const { port } = new URL(target.url)
    expect(await run(['simulate', '--port', port])).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: port ${port} of 127.0.0.1 is in use; choose another, or 0 for a free one\n`,
    })
  })
})
