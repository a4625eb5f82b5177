import { sign } from '@luma-callback/core'
import { readFileSync } from 'node:fs'

/** One request of the provider's, or of someone who pretends to be it. */
export interface Delivery {
  title: string
  headers: Record<string, string>
  body: string
  /** The status of the answer, and a part of its body. */
  expected: { status: number; text: string }
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
    },
    {
      title: 'It is called back a second time',
      headers: signed(success, key),
      body: success,
      expected: { status: 200, text: '"duplicate"' },
    },
    {
      title: 'A task failed',
      headers: signed(failure, key),
      body: failure,
      expected: { status: 200, text: '"received"' },
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

function readPayload(name: string): string {
  return readFileSync(new URL(`../../test/fixtures/${name}`, import.meta.url), 'utf8')
}

function signed(payload: string, secret: string): Record<string, string> {
  const { taskId } = (JSON.parse(payload) as { data: { taskId: string } }).data
  const timestamp = Math.floor(Date.now() / 1000)
  return {
    'content-type': 'application/json',
    'x-webhook-timestamp': String(timestamp),
    'x-webhook-signature': sign({ taskId, timestamp, secret }),
  }
}
