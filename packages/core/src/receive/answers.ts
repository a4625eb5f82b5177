import type { Refusal } from '../errors/refusal.ts'

/** What is sent back, for an adapter to write as it stands. */
export interface LumaAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON text. */
  readonly body: string
}

/** When a 503 asks the provider to come back; its own pauses are not documented. */
const RETRY_AFTER_SECONDS = '10'

export const receivedAnswer: LumaAnswer = answer(200, '{"status":"received"}')

export const duplicateAnswer: LumaAnswer = answer(200, '{"status":"duplicate"}')

export function refusalAnswer({ reason, status, message, headers }: Refusal): LumaAnswer {
  const body = JSON.stringify({ status: 'rejected', error: reason, message })
  return answer(status, body, status === 503 ? { 'retry-after': RETRY_AFTER_SECONDS, ...headers } : headers)
}

function answer(status: number, body: string, headers?: Record<string, string>): LumaAnswer {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      ...headers,
    },
    body,
  }
}
