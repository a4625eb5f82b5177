import { inspect } from 'node:util'
import type { LumaCallback } from '../callback/parse.ts'
import type { Clock } from '../internal/clock.ts'
import { StoreUnavailableError, toError } from '../errors/errors.ts'
import { isLumaError } from '../errors/is-luma-error.ts'
import type { Emit } from '../events/events.ts'
import type { Verify } from '../verify/verify.ts'
import { within } from '../internal/promises.ts'
import type { LumaRequest } from '../request/request.ts'
import { secretsFrom, type SecretFunction } from '../verify/secret.ts'
import { unverified } from '../verify/signature.ts'

/** The checks that users write themselves: a `secret` that is a function, and `verify`. */
export interface UserChecks {
  /** @throws Refusal `unverified` if it knows no secret; StoreUnavailableError if it fails or is late. */
  askForSecrets(ask: SecretFunction, request: LumaRequest): Promise<readonly string[]>
  /** @throws Refusal `unverified` if it throws or gives `false`; StoreUnavailableError if it is late. */
  checkByUser(verify: Verify, request: LumaRequest, callback: LumaCallback): Promise<void>
}

interface UserChecksOptions {
  /** Milliseconds until an answer is given up. */
  ackTimeout: number
  emit: Emit
  clock: Clock
}

export function createUserChecks({ ackTimeout, emit, clock }: UserChecksOptions): UserChecks {
  return {
    async askForSecrets(ask, request) {
      const late = () => new Error(`it did not answer within ${ackTimeout} ms`)
      try {
        return await within(() => secretsFrom(ask, request), ackTimeout, late, clock)
      } catch (cause) {
        if (!isLumaError(cause, 'ERR_LUMA_NO_SECRET'))
          throw new StoreUnavailableError('the "secret" function failed', { cause })
        emit({ type: 'error', error: cause })
        throw unverified(cause.message)
      }
    },

    async checkByUser(verify, request, callback) {
      const late = () => new StoreUnavailableError(`the "verify" function did not answer within ${ackTimeout} ms`)
      try {
        const verdict: unknown = await within(async () => verify(request, callback), ackTimeout, late, clock)
        // A function that says nothing throws to refuse. One that says something is a predicate, and JavaScript has many noes.
        if (verdict !== undefined && !verdict) throw new Error(`it returned ${inspect(verdict)}`)
      } catch (error) {
        if (isLumaError(error, 'ERR_LUMA_STORE_UNAVAILABLE')) throw error
        throw unverified(`the "verify" function refused: ${toError(error).message}`)
      }
    },
  }
}
