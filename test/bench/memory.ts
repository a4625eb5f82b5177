// What strangers can make an unsigned receiver in direct mode hold: bodies of 250 kB, sent as fast as they are taken, to
// hooks that never end. A round ends after so many callbacks, or once the receiver takes more memory than --most MB.
//   npm run bench:memory -- [--callbacks 20000] [--most 2000] [--markdown]
import { randomUUID } from 'node:crypto'
import { Agent } from 'node:http'
import { parseArgs } from 'node:util'
import { post } from './post.ts'
import { peakMemory, startServer } from './server.ts'
import { beginTable, printHeader } from './table.ts'

const BODY = 250_000
const CONNECTIONS = 250

/** What a body is filled with; each is a prompt that the receiver keeps as it came, and parsed. */
const FILLINGS = {
  letters: JSON.stringify({ prompt: 'x'.repeat(BODY) }),
  // One character beyond Latin-1 doubles the memory of the whole text.
  'letters, one of them Chinese': JSON.stringify({ prompt: `雪${'x'.repeat(BODY)}` }),
  'empty objects': `{"a":[${'{},'.repeat(BODY / 3)}{}]}`,
  'short names': `{"a":[${Array.from({ length: BODY / 13 }, (_, index) => `{"${index.toString(36).padStart(4, 'a')}":0}`).join(',')}]}`,
}

const { values } = parseArgs({
  options: {
    callbacks: { type: 'string', default: '20000' },
    most: { type: 'string', default: '2000' },
    markdown: { type: 'boolean', default: false },
  },
})
const [callbacks, most] = [Number(values.callbacks), Number(values.most)]
printHeader('direct mode without a signature', 'hooks that never end', `bodies of ${BODY / 1_000} kB`)
const printRow = beginTable(
  ['filled with', 'sent', 'answered 200', '503', 'memory before', 'peak', 'for each taken'],
  values,
  [28, 9, 12, 9, 13, 9, 14],
)
for (const [name, filling] of Object.entries(FILLINGS)) await flood(name, filling)

async function flood(name: string, filling: string): Promise<void> {
  const { url, child } = await startServer('luma-unending')
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const before = peakMemory(child) ?? Number.NaN
  const answers = new Map<number, number>()
  let sent = 0
  async function sendOn(): Promise<void> {
    while (sent < callbacks && !((peakMemory(child) ?? 0) > most)) {
      sent++
      // A server that is out of breath lets connections go.
      const status = await post(url, requestOf(filling), agent).then(
        (answer) => answer.status,
        () => 0,
      )
      answers.set(status, (answers.get(status) ?? 0) + 1)
    }
  }
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, sendOn))
    const [taken = 0, busy = 0] = [answers.get(200), answers.get(503)]
    const peak = peakMemory(child) ?? Number.NaN
    const each = `${(((peak - before) * 1_000) / taken).toFixed(0)} kB`
    printRow([name, String(sent), String(taken), String(busy), `${before} MB`, `${peak} MB`, each])
  } finally {
    agent.destroy()
    child.kill('SIGKILL')
  }
}

function requestOf(promptJson: string): { headers: Record<string, string>; body: string } {
  const data = { taskId: randomUUID(), promptJson, resultUrls: ['https://cdn.example/1.mp4'] }
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code: 200, msg: '', data }) }
}
