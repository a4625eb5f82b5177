import { sign } from '@luma-callback/core'
import { readFileSync } from 'node:fs'

/** One request of the provider's, or of someone who pretends to be it. */
export interface Delivery {
  title: string
  headers: Record<string, string>
  body: string
  /** The status of the answer, and a part of its body. */
  expected: { status: number; text: string }
  /** Whether its hook is to run. */
  hasHook?: boolean
  /** Whether the hook fails at first, because the system that it tells is down. */
  isShopDown?: boolean
}

/** What was answered; without a status, why nothing was. */
export interface Reply {
  status?: number
  text: string
}

/** The documented callbacks, one of them twice, then two that must not get through. */
export function deliveries(key: string): Delivery[] {
  const success = readPayload('callback-success.json')
  const failure = readPayload('callback-failure.json')
  return [
    {
      title: 'A task succeeded',
      headers: signed(success, key),
      body: success,
      expected: { status: 200, text: '"received"' },
      hasHook: true,
    },
    {
      title: 'It is called back a second time',
      headers: signed(success, key),
      body: success,
      expected: { status: 200, text: '"duplicate"' },
    },
    {
      title: 'A task failed, and your own system is down when the hook tells it',
      headers: signed(failure, key),
      body: failure,
      expected: { status: 200, text: '"received"' },
      hasHook: true,
      isShopDown: true,
    },
    {
      title: 'Somebody without the key sends one',
      headers: signed(success, 'not-the-key'),
      body: success,
      expected: { status: 401, text: '"unverified"' },
    },
    {
      title: 'The body is cut off',
      headers: signed(success, key),
      body: success.slice(0, success.length / 2),
      expected: { status: 400, text: '"invalid_json"' },
    },
  ]
}

/** The documented success, as of this task. */
export function successOf(taskId: string, key: string): Pick<Delivery, 'headers' | 'body'> {
  const payload = readPayload('callback-success.json')
  const body = payload.replace(taskIdOf(payload), taskId)
  return { headers: signed(body, key), body }
}

export async function send(
  url: string,
  { headers, body }: Pick<Delivery, 'headers' | 'body'>,
  timeout: number,
): Promise<Reply> {
  try {
    const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(timeout) })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    // fetch says only that it failed; the reason is in the cause.
    const reason = error instanceof Error && error.cause !== undefined ? error.cause : error
    return { text: reason instanceof Error ? reason.message : String(reason) }
  }
}

function readPayload(name: string): string {
  return readFileSync(new URL(`../../test/fixtures/${name}`, import.meta.url), 'utf8')
}

function taskIdOf(payload: string): string {
  return (JSON.parse(payload) as { data: { taskId: string } }).data.taskId
}

function signed(payload: string, secret: string): Record<string, string> {
  const taskId = taskIdOf(payload)
  const timestamp = Math.floor(Date.now() / 1000)
  return {
    'content-type': 'application/json',
    'x-webhook-timestamp': String(timestamp),
    'x-webhook-signature': sign({ taskId, timestamp, secret }),
  }
}
