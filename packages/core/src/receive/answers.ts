import { CLOSE_CONNECTION, Refusal } from '../errors/refusal.ts'
import { isLumaError } from '../errors/is-luma-error.ts'

/** The response, for an adapter to write unchanged. */
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

/** The refusal that an error is answered with; undefined for an error that neither the request nor the store caused. */
export function toRefusal(error: unknown): Refusal | undefined {
  // Made and caught in this copy of the package, so its class will do.
  if (error instanceof Refusal) return error
  if (!isLumaError(error)) return undefined
  switch (error.code) {
    case 'ERR_LUMA_INVALID_CALLBACK':
      return new Refusal(error.reason === 'json' ? 'invalid_json' : 'invalid_callback', error.message)
    case 'ERR_LUMA_OTHER_FAMILY':
      return new Refusal('other_family', error.message, { family: error.family })
    case 'ERR_LUMA_HOOK_FAILED':
      return new Refusal('hook_failed', 'the receiver could not handle the result; send it again')
    case 'ERR_LUMA_IN_PROGRESS':
    case 'ERR_LUMA_LEASE_LOST':
      return new Refusal('in_progress', 'the same callback is being handled right now; send it again later')
    case 'ERR_LUMA_STORE_UNAVAILABLE':
      return new Refusal('store_unavailable', 'the receiver cannot keep the result at present; send it again later')
    case 'ERR_LUMA_BUSY': {
      const message = 'the receiver has too much to do at present; send it again later'
      return new Refusal('busy', message, { detail: error.message })
    }
    case 'ERR_LUMA_CLOSED':
      return closingRefusal()
    default:
      return undefined
  }
}

export function closingRefusal(): Refusal {
  return new Refusal('closing', 'the receiver is closing down; send it again later', { headers: CLOSE_CONNECTION })
}
