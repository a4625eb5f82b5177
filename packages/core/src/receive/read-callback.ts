import type { Budget, Hold } from '../direct/budget.ts'
import { completeCallback, type LumaCallback } from '../callback/parse.ts'
import { readEnvelope, readTaskId } from '../callback/envelope.ts'
import { weighCallback, weighText } from '../callback/weigh.ts'
import { Refusal } from '../errors/refusal.ts'
import type { Emit } from '../events/events.ts'
import type { Clock } from '../internal/clock.ts'
import type { ReceiverSettings } from '../options/options.ts'
import type { Verify } from '../verify/verify.ts'
import { checkBodyHeaders, readBody } from '../request/body.ts'
import { createReading } from '../request/reading.ts'
import { readQuery, type LumaRequest } from '../request/request.ts'
import { toList } from '../verify/secret.ts'
import { isSignedBy, readSignature, unverified, type Signature } from '../verify/signature.ts'
import { closingRefusal } from './answers.ts'
import { createUserChecks } from './user-checks.ts'
import { withKey } from './with-key.ts'

/** One request, and what is known of it so far. */
export interface Receipt {
  readonly request: LumaRequest
  readonly receivedAt: Date
  /** Once the body names it. */
  taskId?: string
  /** Its share of the memory for what waits, once there is a body. */
  hold?: Hold
}

/** The way from a request to a callback, step by step. Each step throws what the request is refused with. */
export interface CallbackReader {
  /** Everything that can be told before the body is read, the cheapest first. */
  checkHeaders(request: LumaRequest): Signature | undefined
  readText(receipt: Receipt): Promise<string>
  /** Before anything is parsed: a text that anybody may have sent costs no more than the search for its task id. */
  checkSignature(receipt: Receipt, raw: string, signature: Signature): Promise<void>
  parse(receipt: Receipt, raw: string): LumaCallback
  /** Asks the option `verify`. */
  checkByUser(verify: Verify, receipt: Receipt, callback: LumaCallback): Promise<void>
}

interface ReaderParts {
  settings: ReceiverSettings
  budget: Budget
  emit: Emit
  clock: Clock
  isClosing: () => boolean
}

export function createCallbackReader({ settings, budget, emit, clock, isClosing }: ReaderParts): CallbackReader {
  const { secret, tolerance, ackTimeout, bodyLimit, bodyTimeout } = settings
  const reading = createReading()
  const userChecks = createUserChecks({ ackTimeout, emit, clock })
  const fixedSecrets = typeof secret === 'function' || secret === undefined ? [] : toList(secret)

  return {
    checkHeaders({ method, headers }) {
      if (method !== 'POST') {
        const message = 'this address is reachable and receives Luma callbacks, by POST only'
        throw new Refusal('method_not_allowed', message, { headers: { allow: 'POST' } })
      }
      if (isClosing()) throw closingRefusal()
      checkBodyHeaders(headers, bodyLimit)
      return secret === undefined ? undefined : readSignature(headers, { tolerance, now: clock.now() })
    },

    async readText(receipt) {
      const raw = await readBody(receipt.request, { limit: bodyLimit, timeout: bodyTimeout, clock, reading })
      receipt.hold = budget.take(weighText(raw))
      return raw
    },

    async checkSignature(receipt, raw, signature) {
      const taskId = readTaskId(raw)
      receipt.taskId = taskId
      const secrets =
        typeof secret === 'function' ? await userChecks.askForSecrets(secret, receipt.request) : fixedSecrets
      if (isSignedBy(secrets, taskId, signature)) return
      throw unverified('the signature was made with another key, or for another task id or time')
    },

    parse(receipt, raw) {
      const { request, receivedAt, taskId: verified } = receipt
      const envelope = readEnvelope(raw)
      // Only the id that was verified may be handed over, even if the two readings of the text should ever differ.
      if (verified !== undefined && envelope.taskId !== verified)
        throw unverified('the body names another task id once it is parsed')
      receipt.taskId = envelope.taskId
      const callback = completeCallback(envelope, { raw, query: readQuery(request.url), receivedAt })
      const keyed = withKey(callback, settings.key)
      receipt.hold?.resize(weighCallback(keyed))
      return keyed
    },

    checkByUser: (verify, { request }, callback) => userChecks.checkByUser(verify, request, callback),
  }
}
