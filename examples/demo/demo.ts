// Starts a simulator of the provider and examples/durable, submits tasks through the API, and looks whether your own
// system is told of each result once, whatever happens on the way: duplicates, failures, forgeries, a crash. Exits 0
// if everything went as it should, else 1. An argument names another receiver to try.
import { startSimulator } from '@luma-callback/testing'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { showCrash } from './crash.ts'
import { showFirstTask, showTasks } from './results.ts'
import { showLargeFile } from './large-file.ts'
import { startReceiver, type Receiver } from './receiver.ts'
import { addTrouble, conclude } from './report.ts'
import { openShop } from './shop.ts'
import { showStrangers } from './strangers.ts'
import { showSummary } from './summary.ts'

const KEY = 'demo-webhook-key'
const START = 30_000
const script = process.argv[2] ?? fileURLToPath(new URL('../durable/server.js', import.meta.url))

const directory = mkdtempSync(join(tmpdir(), 'luma-demo-'))
// One that was killed a moment ago may still have a file to make.
process.once('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
// A signal would end this process without its exit handlers, and leave the receiver and its files behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

const videos = join(directory, 'videos')
const shop = await openShop()
const simulator = await startSimulator({
  secret: KEY,
  // One with which all of it happens.
  seed: 12,
  generationTime: [50, 1_500],
  retryPause: [300, 1_000, 2_000],
  deliveryTimeout: 5_000,
  failures: 0.2,
  duplicates: 0.4,
})
let receiver: Receiver | undefined

/** The second time at the same address: the provider calls back where it was told to. */
async function start(port = 0): Promise<Receiver> {
  const files = { LUMA_INBOX: join(directory, 'luma.db'), LUMA_VIDEOS: videos, LUMA_TRIAL: '1' }
  const env = { LUMA_WEBHOOK_KEY: KEY, NOTIFY_URL: shop.url, ...files }
  receiver = await startReceiver({ script, env, port, timeout: START })
  return receiver
}

try {
  const first = await start()
  console.log(`\nThe receiver ${relative('.', script)}\nlistens on ${first.url},`)
  console.log(`and the simulated provider on ${simulator.url}. The demo takes about ten seconds.\n`)
  if (await showFirstTask({ simulator, receiver: first, shop })) {
    await showTasks({ simulator, receiver: first, shop })
    await showStrangers(first, KEY)
    await showLargeFile(videos)
    await showCrash({ simulator, receiver: first, restart: start, shop })
    await showSummary({ simulator, shop, videos })
  }
} catch (error) {
  addTrouble(error)
} finally {
  await simulator.close()
  // Before the receiver, which would wait for hooks that wait for an answer.
  shop.close()
  await receiver?.stop()
}

process.exitCode = conclude(
  'Every task that was called back got its hook, and got it once; every video is there, whole.',
)
