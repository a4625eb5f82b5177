import { createHmac, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { sign } from '@luma-callback/core'

const SECRET = 'bench-secret'
const fixture = JSON.parse(readFileSync(new URL('../fixtures/callback-success.json', import.meta.url), 'utf8')) as {
  data: object
}
const [before = '', after = ''] = JSON.stringify({ ...fixture, data: { ...fixture.data, taskId: '|' } }).split('|')

/** One request: its body, and the headers besides the content type. */
export interface BenchRequest {
  headers: Record<string, string>
  body: string
}

/** What a server is sent. */
export interface Traffic {
  /** The same in each request. */
  headers: Record<string, string>
  /** The body's two ends, around what differs. */
  before: string
  after: string
  /** What differs: a task that nobody else has, with the signature of its callback; undefined where nothing does. */
  next: (() => { taskId: string; signature: string }) | undefined
}

/** The documented success, of a new task each time, signed. */
export function callbacks(): Traffic {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const next = () => {
    const taskId = randomUUID()
    return { taskId, signature: sign({ taskId, timestamp, secret: SECRET }) }
  }
  return { headers: { 'x-webhook-timestamp': timestamp }, before, after, next }
}

/** A payload of GitHub of the same size, signed as GitHub does: over the body, so the same one again and again. */
export function pings(): Traffic {
  const size = before.length + 36 + after.length
  const body = JSON.stringify({ zen: 'z', hook_id: 1 })
  const padded = body.replace('"z"', JSON.stringify('z'.repeat(size - body.length + 1)))
  const signature = createHmac('sha256', SECRET).update(padded).digest('hex')
  const headers = {
    'x-github-event': 'ping',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${signature}`,
  }
  return { headers, before: padded, after: '', next: undefined }
}

/** The next request of this traffic. */
export function requestOf({ headers, before: start, after: end, next }: Traffic): BenchRequest {
  const json = { 'content-type': 'application/json', ...headers }
  if (!next) return { headers: json, body: start + end }
  const { taskId, signature } = next()
  return { headers: { ...json, 'x-webhook-signature': signature }, body: start + taskId + end }
}

/** One callback, of a new task. */
export function newCallback(): { taskId: string; request: BenchRequest } {
  const request = requestOf(callbacks())
  const { data } = JSON.parse(request.body) as { data: { taskId: string } }
  return { taskId: data.taskId, request }
}
