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

async function deliver(receiver: Receiver, { title, expected, body, headers }: Delivery): Promise<void> {
  console.log(`\n${bold(title)}`)
  const response = await fetch(receiver.url, { method: 'POST', headers, body, signal: AbortSignal.timeout(TIMEOUT) })
  const answer = await response.text()
  console.log(`    answered ${response.status} ${answer}`)
  await receiver.quiet()
  for (const line of receiver.takeLines()) console.log(dim(`    the receiver says: ${line}`))
  check(
    response.status === expected.status && answer.includes(expected.text),
    `${title}: expected ${expected.status} with ${expected.text}, got ${response.status}`,
  )
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

let receiver: Receiver | undefined
try {
  receiver = await startReceiver({ script, key: KEY, timeout: TIMEOUT })
  console.log(`the receiver ${dim(script)}\nlistens on ${receiver.url}`)
  for (const delivery of deliveries(KEY)) await deliver(receiver, delivery)
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
