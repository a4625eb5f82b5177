import { types } from 'node:util'
import { duplicateAnswer, receivedAnswer, type LumaAnswer } from './answers.ts'
import { Refusal } from '../errors/refusal.ts'
import { createArrivals } from '../wait/arrivals.ts'
import { createBudget, type Hold } from '../direct/budget.ts'
import { checkBodyHeaders, dropRest, readBody } from '../request/body.ts'
import { completeCallback, type LumaCallback } from '../callback/parse.ts'
import { readEnvelope, readTaskId } from '../callback/envelope.ts'
import { systemClock, type Clock } from '../internal/clock.ts'
import { captureContext } from '../internal/async-context.ts'
import { memoryDedupeOn } from '../direct/dedupe.ts'
import { LEAST_TIME } from '../direct/work.ts'
import { directInbox } from '../direct/inbox.ts'
import { ClosedError, LumaError, StoreUnavailableError, toError } from '../errors/errors.ts'
import { createEmit } from '../events/events.ts'
import { createPrinter } from '../events/printer.ts'
import { createDeliver } from '../hooks/deliver.ts'
import type { Inbox, Recorded } from '../inbox/contract.ts'
import { readOptions, type LumaOptions } from '../options/options.ts'
import { createOutage } from '../inbox/outage.ts'
import { within } from '../internal/promises.ts'
import { createReading } from '../request/reading.ts'
import { closingRefusal } from './refusals.ts'
import { refuse } from './refuse.ts'
import type { LumaHandler } from './receiver.ts'
import { addressIn, readQuery, toRequest, type LumaRequest } from '../request/request.ts'
import { toList, warnUnverified } from '../verify/secret.ts'
import { isDead, reviveUnborne } from '../verify/trust.ts'
import { createUserChecks } from './user-checks.ts'
import { isSignedBy, readSignature, unverified, type Signature } from '../verify/signature.ts'
import { createWaiting } from '../wait/wait-for.ts'
import { weighCallback, weighText } from '../callback/weigh.ts'

/**
 * Makes a handler. Adapters are built on it, and so is whatever serves a framework that has none.
 *
 * @throws TypeError that names the option that is wrong or unknown.
 * @example
 * ```ts
 * const handler = createHandler({ onSuccess: (callback) => save(callback.resultUrls) })
 * const { status, headers, body } = await handler.handle({ method, url, headers, stream })
 * ```
 */
export function createHandler(options: LumaOptions): LumaHandler {
  return createHandlerOn(systemClock, options)
}

/** `createHandler` with time, timers and randomness from elsewhere, for tests. */
export function createHandlerOn(clock: Clock, options: LumaOptions): LumaHandler {
  const settings = readOptions(options)
  const { secret, tolerance, bodyLimit, bodyTimeout, ackTimeout, concurrency, retry, retention } = settings
  if (secret === undefined && !settings.verify && !settings.trust) warnUnverified()
  const fixedSecrets = typeof secret === 'function' || secret === undefined ? [] : toList(secret)
  const inMaking = captureContext()
  const printer = createPrinter({ clock, write: (text) => console.error(text) })
  const emit = createEmit(settings.observe ?? printer.print)
  const budget = createBudget()
  const reading = createReading()
  const outage = createOutage({ store: settings.inbox ? 'inbox' : 'dedupe', emit, clock })
  const deliver = createDeliver({ ...settings, emit, clock })
  const dedupe = settings.dedupe ?? memoryDedupeOn(clock)
  const inbox = settings.inbox ?? directInbox({ dedupe, ackTimeout, clock, budget })
  const { askForSecrets, checkByUser } = createUserChecks({ ackTimeout, emit, clock })
  const arrivals = createArrivals(clock)
  const waiting = createWaiting({ inbox, arrivals, trust: settings.trust, clock })
  let starting: Promise<void> | undefined
  let isStarted = false
  let closing: Promise<void> | undefined

  async function handle(given: LumaRequest): Promise<LumaAnswer> {
    const request = toRequest(given)
    const receivedAt = new Date(clock.now())
    let taskId: string | undefined
    let hold: Hold | undefined
    try {
      const signature = checkHeaders(request)
      const raw = await readBody(request, { limit: bodyLimit, timeout: bodyTimeout, clock, reading })
      hold = budget.take(weighText(raw))
      if (signature) {
        taskId = readTaskId(raw)
        const secrets = typeof secret === 'function' ? await askForSecrets(secret, request) : fixedSecrets
        checkSignature(secrets, taskId, signature)
      }
      const envelope = readEnvelope(raw)
      // Only the id that was verified may be handed over, even if the two readings of the text should ever differ.
      if (signature && envelope.taskId !== taskId) throw unverified('the body names another task id once it is parsed')
      taskId = envelope.taskId
      const callback = withKey(completeCallback(envelope, { raw, query: readQuery(request.url), receivedAt }))
      hold.resize(weighCallback(callback))
      if (settings.verify) await checkByUser(settings.verify, request, callback)
      return (await take(callback, { hold, request })) === 'recorded' ? receivedAnswer : duplicateAnswer
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'body_too_large') dropRest(request, clock)
      return refuse(error, { request, taskId, emit })
    } finally {
      hold?.release()
    }
  }

  /** @param by - Left out where no request brought it. */
  async function take(callback: LumaCallback, by?: { hold: Hold; request: LumaRequest }): Promise<Recorded> {
    emit({ type: 'received', callback })
    if (!isStarted) await startInTime()
    const recorded = await record(callback, by?.hold)
    if (recorded !== 'recorded') {
      if (settings.trust) await reviveInTime(callback)
      await tellRepeated(recorded, callback, by?.request)
    }
    arrivals.tell(callback)
    return recorded
  }

  /** Everything that can be told before the body is read, the cheapest first. */
  function checkHeaders({ method, headers }: LumaRequest): Signature | undefined {
    if (method !== 'POST') {
      const message = 'this address is reachable and receives Luma callbacks, by POST only'
      throw new Refusal('method_not_allowed', message, { headers: { allow: 'POST' } })
    }
    if (closing) throw closingRefusal()
    checkBodyHeaders(headers, bodyLimit)
    return secret === undefined ? undefined : readSignature(headers, { tolerance, now: clock.now() })
  }

  function checkSignature(secrets: readonly string[], taskId: string, signature: Signature): void {
    if (isSignedBy(secrets, taskId, signature)) return
    throw unverified('the signature was made with another key, or for another task id or time')
  }

  function withKey(callback: LumaCallback): LumaCallback {
    if (!settings.key) return callback
    const key: unknown = settings.key(callback)
    if (typeof key !== 'string' || key === '') {
      throw new TypeError(
        `lumaCallback: the "key" function must return a text that is not empty, for task ${callback.taskId} too`,
      )
    }
    return { ...callback, key }
  }

  async function tellRepeated(recorded: Recorded, callback: LumaCallback, request?: LumaRequest): Promise<void> {
    switch (recorded) {
      case 'duplicate':
        return emit({ type: 'duplicate', callback })
      case 'conflict':
        return emit({ type: 'conflict', callback, first: await firstBody(callback), ...addressIn(request) })
      default:
        throw new TypeError(
          `the inbox answered ${JSON.stringify(recorded)} where its contract knows recorded, duplicate and conflict`,
        )
    }
  }

  function reviveInTime(callback: LumaCallback): Promise<void> {
    const late = () =>
      new StoreUnavailableError(`the inbox did not tell of task ${callback.taskId} within ${ackTimeout} ms`)
    return within(() => reviveUnborne(settings.inbox, callback), ackTimeout, late, clock)
  }

  /** The answer does not hang on this: a conflict is told with what is known. */
  async function firstBody({ key }: LumaCallback): Promise<string | undefined> {
    const late = () => new Error('too late to matter')
    const first = await within(async () => inbox.get?.(key), LEAST_TIME, late, clock).catch(() => undefined)
    return first?.raw
  }

  /** Direct mode keeps the deadline itself; another inbox has to be quick, or the provider must come back. */
  function record(callback: LumaCallback, hold: Hold | undefined): Promise<Recorded> {
    if (settings.inbox) return recordIn(settings.inbox, callback)
    // Direct mode holds it from here on, and for longer than the request.
    hold?.release()
    return inbox.record(callback)
  }

  async function recordIn(durable: Inbox, callback: LumaCallback): Promise<Recorded> {
    const late = () => new Error(`it did not answer within ${ackTimeout} ms`)
    try {
      const recorded = await within(() => durable.record(callback), ackTimeout, late, clock)
      outage.worked('record')
      return recorded
    } catch (cause) {
      if (!(cause instanceof LumaError) || cause instanceof StoreUnavailableError) outage.failed('record')
      if (cause instanceof LumaError) throw cause
      throw new StoreUnavailableError(`the inbox could not record task ${callback.taskId}`, { cause })
    }
  }

  function start(): Promise<void> {
    starting ??= startInbox().catch((error: unknown) => {
      starting = undefined
      throw error
    })
    return starting
  }

  /** Starting goes on by itself; whoever waits for it with a request in hand needs an answer. */
  function startInTime(): Promise<void> {
    const late = () => new StoreUnavailableError(`the inbox was not started within ${ackTimeout} ms`)
    return within(start, ackTimeout, late, clock)
  }

  async function startInbox(): Promise<void> {
    try {
      await inMaking(() => inbox.start(...work()))
      isStarted = true
      outage.worked('start')
    } catch (cause) {
      outage.failed('start')
      throw new StoreUnavailableError(`the inbox could not be started: ${toError(cause).message}`, { cause })
    }
  }

  /**
   * An inbox works for all requests, so that its hooks and events are of no request's context, whatever wakes it. In direct
   * mode they are of their own request's.
   */
  function work(): Parameters<Inbox['start']> {
    const inboxOptions = { concurrency, retry, retention, emit, clock, outage }
    if (!settings.inbox) return [deliver, inboxOptions]
    return [
      (callback, run) => inMaking(() => deliver(callback, run)),
      { ...inboxOptions, emit: (event) => inMaking(() => emit(event)) },
    ]
  }

  return {
    path: settings.path,
    isSigned: secret !== undefined,
    handle,
    start,
    ...waiting,
    async receive(callback) {
      if (closing) throw new ClosedError('the receiver is closing')
      if (!types.isDate(callback.receivedAt)) {
        throw new TypeError(
          'receive: it takes a callback as parseCallback or callbackOf makes it; receivedAt is no Date',
        )
      }
      const keyed = withKey(callback)
      const recorded = await take(keyed)
      return recorded !== 'recorded' && (await isDead(inbox, keyed)) ? 'dead' : recorded
    },
    close(closeOptions) {
      closing ??= inbox.close(closeOptions).finally(printer.flush)
      return closing
    },
  }
}
