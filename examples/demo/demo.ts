// Starts the Express example and delivers to it over HTTP, as the provider would.
// Exits 0 if everything went as it should, else 1. An argument names another receiver to try.
import { fileURLToPath } from 'node:url'
import { deliveries, type Delivery } from './deliveries.ts'
import { startReceiver, type Receiver } from './receiver.ts'

const TIMEOUT = 30_000
const KEY = 'demo-webhook-key'
const script = process.argv[2] ?? fileURLToPath(new URL('../express/server.js', import.meta.url))

const useColour = process.stdout.isTTY && !process.env['NO_COLOR']
const paint = (code: number) => (text: string) => (useColour ? `\u001b[${code}m${text}\u001b[0m` : text)
const [bold, dim, green, red] = [paint(1), paint(2), paint(32), paint(31)]

/** What went otherwise than it should. */
const troubles: string[] = []

function check(holds: boolean, trouble: string): void {
  if (!holds) troubles.push(trouble)
  console.log(`    ${holds ? green('as it should') : red(`not as it should: ${trouble}`)}`)
}

/** Whether there was an answer at all; if not, there is no use in going on. */
async function deliver(receiver: Receiver, delivery: Delivery): Promise<boolean> {
  const { title, expected } = delivery
  console.log(`\n${bold(title)}`)
  const { status, text } = await send(receiver, delivery)
  const answered = status === undefined ? `no answer: ${text}` : `answered ${status} ${text}`
  console.log(`    ${answered}`)
  await receiver.quiet()
  for (const line of receiver.takeLines()) console.log(dim(`    the receiver says: ${line}`))
  check(
    status === expected.status && text.includes(expected.text),
    `${title}: expected ${expected.status} with ${expected.text}, got ${status ?? 'no answer'}`,
  )
  return status !== undefined
}

/** What was answered; without a status, why nothing was. */
async function send({ url }: Receiver, { headers, body }: Delivery): Promise<{ status?: number; text: string }> {
  try {
    const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(TIMEOUT) })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    // fetch says only that it failed; the reason is in the cause.
    const reason = error instanceof Error && error.cause !== undefined ? error.cause : error
    return { text: reason instanceof Error ? reason.message : String(reason) }
  }
}

function checkHooks(lines: readonly string[]): void {
  const count = (word: string) => lines.filter((line) => line.includes(word)).length
  const [successes, failures] = [count(' succeeded: '), count(' failed with code ')]
  console.log(`\n${bold('The hooks')}`)
  console.log(`    onSuccess ran ${successes} x, onFailure ran ${failures} x`)
  check(
    successes === 1 && failures === 1,
    `each hook should have run once, they ran ${successes} and ${failures} times`,
  )
}

// A signal would end this process without its exit handlers, and leave the receiver behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

let receiver: Receiver | undefined
try {
  receiver = await startReceiver({ script, key: KEY, timeout: TIMEOUT })
  console.log(`the receiver ${dim(script)}\nlistens on ${receiver.url}`)
  for (const delivery of deliveries(KEY)) if (!(await deliver(receiver, delivery))) break
  checkHooks(receiver.allLines())
} catch (error) {
  troubles.push(error instanceof Error ? error.message : String(error))
} finally {
  await receiver?.stop()
}

const total = deliveries(KEY).length
if (troubles.length === 0) {
  console.log(`\n${green(`${total} deliveries, all answered as they should be; each hook ran once.`)}`)
} else {
  console.log(`\n${red('Something went otherwise than it should:')}`)
  for (const trouble of troubles) console.log(`  - ${trouble}`)
  process.exitCode = 1
}
