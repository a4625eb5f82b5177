import { expect, test } from 'vitest'
import { run } from '../helpers/cli.ts'
import { newDirectory } from '../helpers/origin.ts'
import { simulate } from '../helpers/simulator.ts'

const REQUEST = ['--prompt', 'a fox', '--video', 'https://files.example/fox.mp4']

test('submit prints the id, wait the result, and what wait --json prints can be downloaded', async () => {
  const simulator = await simulate({ generationTime: 100 })
  const env = { LUMA_API_KEY: simulator.apiKey, LUMA_API_URL: simulator.url }
  const submitted = await run(['submit', ...REQUEST], { env })
  const [task] = simulator.tasks
  expect(submitted).toEqual({ code: 0, stdout: `${task?.taskId}\n`, stderr: '' })
  const waited = await run(['wait', task?.taskId ?? '', '--interval', '20ms'], { env })
  expect(waited).toMatchObject({ code: 0, stderr: '' })
  expect(waited.stdout).toBe(`succeeded  ${task?.taskId}\n           ${simulator.tasks[0]?.resultUrls[0]}\n`)
  const json = await run(['wait', task?.taskId ?? '', '--json'], { env })
  const to = newDirectory()
  const args = ['download', '--callback', '-', '--to', to, '--allow-http', '--allow-private']
  const saved = await run(args, { input: json.stdout })
  expect(saved).toMatchObject({ code: 0, stdout: expect.stringContaining(`${to}/${task?.taskId}-1.mp4`) })
})

test('a task that failed ends with 1 and says why; so does one that there is not', async () => {
  const simulator = await simulate({ failures: 1 })
  const env = { LUMA_API_KEY: simulator.apiKey, LUMA_API_URL: simulator.url }
  const taskId = simulator.submit()
  await simulator.idle()
  const failed = await run(['wait', taskId], { env })
  expect(failed).toMatchObject({ code: 1, stderr: '', stdout: expect.stringMatching(/^failed +\w+ {2}500 /) })
  const none = await run(['wait', 'none'], { env })
  expect(none).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^error: details of task none: .*404/),
  })
})

test('what goes wrong is said in a line or two, without the key', async () => {
  const simulator = await simulate({ generationTime: 60_000 })
  const taskId = simulator.submit()
  const wrong = await run(['submit', ...REQUEST, '--api-key', 'not-the-key', '--api', simulator.url])
  expect(wrong).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('hint: is LUMA_API_KEY the key of this account'),
  })
  expect(wrong.stderr).not.toContain('not-the-key')
  const none = await run(['submit', ...REQUEST])
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no API key') })
  const missing = await run(['submit', '--prompt', 'x'])
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("required option '--video <url>'") })
  const env = { LUMA_API_KEY: simulator.apiKey, LUMA_API_URL: simulator.url }
  const late = await run(['wait', taskId, '--timeout', '100ms', '--interval', '20ms'], { env })
  expect(late).toMatchObject({ code: 2, stderr: expect.stringContaining('was not finished within 100 ms') })
})
