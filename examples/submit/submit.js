// Submits a task, waits for it, and saves the video; no receiver is needed. With LUMA_API_KEY it asks the real API, which
// costs; without, a simulator that it starts itself.
//   node submit.js 'make it snow' https://files.example/fox.mp4
import { createClient, pollResult } from '@luma-callback/client'
import { saveResults } from '@luma-callback/download'
import { startSimulator } from '@luma-callback/testing'

const { LUMA_API_KEY, LUMA_VIDEOS } = process.env
const [prompt = 'make it snow', videoUrl = 'https://files.example/fox.mp4'] = process.argv.slice(2)

const simulator = LUMA_API_KEY ? undefined : await startSimulator({ generationTime: 2_000 })
const client = simulator
  ? createClient({ apiKey: simulator.apiKey, baseUrl: simulator.url })
  : createClient({ apiKey: LUMA_API_KEY ?? '' })

try {
  const { taskId } = await client.modify({ prompt, videoUrl })
  console.log(`task ${taskId} was submitted${simulator ? ' to a simulator' : ''}; it takes a while`)
  const callback = await pollResult(client, taskId, { interval: simulator ? 500 : 30_000, timeout: 30 * 60_000 })
  if (callback.outcome === 'failure') throw new Error(`task ${taskId} failed: ${callback.code} ${callback.msg}`)
  const saved = await saveResults(callback, {
    to: LUMA_VIDEOS || 'videos',
    // A URL that has expired is no loss: the API gives a fresh one.
    refresh: (url) => client.downloadUrl(url),
    // The simulator's files are on this machine.
    allowHttp: simulator !== undefined,
    allowPrivate: simulator !== undefined,
  })
  for (const { path, bytes, sha256 } of saved) console.log(`saved ${path}, ${bytes} bytes, sha256 ${sha256}`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await simulator?.close()
}
