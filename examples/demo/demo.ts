// Starts examples/durable and delivers to it over HTTP, as the provider would; then kills it while its hooks run,
// and starts it again. Exits 0 if everything went as it should, else 1. An argument names another receiver to try.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { showCrash, TASKS } from './crash.ts'
import { deliveries, send, type Delivery } from './deliveries.ts'
import { startReceiver, type Receiver } from './receiver.ts'
import { addTrouble, check, conclude, say, showLog, title, until } from './report.ts'
import { openShop } from './shop.ts'

const TIMEOUT = 30_000
/** A hook that failed is run again after at most a second. */
const HOOK_TIMEOUT = 3_000
const KEY = 'demo-webhook-key'
const script = process.argv[2] ?? fileURLToPath(new URL('../durable/server.js', import.meta.url))

const directory = mkdtempSync(join(tmpdir(), 'luma-demo-'))
// One that was killed a moment ago may still have a file to make.
process.once('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
// A signal would end this process without its exit handlers, and leave the receiver and its files behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

const shop = await openShop()
let receiver: Receiver | undefined

async function start(): Promise<Receiver> {
  const env = { LUMA_WEBHOOK_KEY: KEY, LUMA_INBOX: join(directory, 'luma.db'), NOTIFY_URL: shop.url }
  receiver = await startReceiver({ script, env, timeout: TIMEOUT })
  return receiver
}

/** Whether there was an answer at all; if not, there is no use in going on. */
async function deliver({ url, quiet, takeLines }: Receiver, delivery: Delivery): Promise<boolean> {
  const { expected, hasHook, isShopDown } = delivery
  title(delivery.title)
  const toldBefore = shop.told.length
  if (isShopDown) shop.failOnce()
  const { status, text } = await send(url, delivery, TIMEOUT)
  say(status === undefined ? `no answer: ${text}` : `answered ${status} ${text}`)
  if (hasHook && status === expected.status) await until(() => shop.told.length > toldBefore, HOOK_TIMEOUT)
  await quiet()
  showLog(takeLines())
  check(
    status === expected.status && text.includes(expected.text),
    `${delivery.title}: expected ${expected.status} with ${expected.text}, got ${status ?? 'no answer'}`,
  )
  return status !== undefined
}

async function deliverAll(to: Receiver): Promise<boolean> {
  for (const delivery of deliveries(KEY)) if (!(await deliver(to, delivery))) return false
  return true
}

function checkHooks(): void {
  const count = (outcome: string) => shop.told.filter((told) => told.outcome === outcome).length
  const [successes, failures] = [count('success'), count('failure')]
  title('The hooks')
  say(`onSuccess was done ${successes} x, onFailure ${failures} x`)
  check(
    successes === 1 && failures === 1,
    `each hook should have been done once, they were ${successes} and ${failures} times`,
  )
}

try {
  const first = await start()
  console.log(`the receiver ${script}\nlistens on ${first.url}`)
  const isAlive = await deliverAll(first)
  checkHooks()
  if (isAlive) await showCrash({ receiver: first, restart: start, shop, key: KEY, timeout: TIMEOUT })
} catch (error) {
  addTrouble(error)
} finally {
  // Before the receiver, which would wait for hooks that wait for an answer.
  shop.close()
  await receiver?.stop()
}

process.exitCode = conclude(
  `${deliveries(KEY).length} deliveries, all answered as they should be; a crash amid ${TASKS.length} more, and each of them got its hook.`,
)
