import { CLOSE_CONNECTION, KEEP_CONNECTION, Refusal } from '../errors/refusal.ts'

export function tooLarge(limit: number): Refusal {
  return new Refusal('body_too_large', `the body is larger than ${limit} bytes`, { headers: KEEP_CONNECTION })
}

export function timedOut(timeout: number): Refusal {
  return new Refusal('body_timeout', `the body did not arrive within ${timeout} ms`, { headers: CLOSE_CONNECTION })
}

/** The sender is gone and cannot read this answer; it ends the handling like any other. */
export function aborted(): Refusal {
  return new Refusal('invalid_json', 'the connection was closed before the body was complete', {
    headers: CLOSE_CONNECTION,
  })
}

export function invalid(message: string): Refusal {
  return new Refusal('invalid_json', message)
}
