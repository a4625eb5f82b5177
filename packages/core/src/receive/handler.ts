import { types } from 'node:util'
import type { LumaCallback } from '../callback/parse.ts'
import { createBudget } from '../direct/budget.ts'
import { memoryDedupeOn } from '../direct/dedupe.ts'
import { directInbox } from '../direct/inbox.ts'
import { ClosedError } from '../errors/errors.ts'
import { createEmit } from '../events/events.ts'
import { createPrinter } from '../events/printer.ts'
import { createDeliver } from '../hooks/deliver.ts'
import { closeTimeout } from '../inbox/close-timeout.ts'
import { createOutage } from '../inbox/outage.ts'
import { captureContext } from '../internal/async-context.ts'
import { systemClock, type Clock } from '../internal/clock.ts'
import { readOptions, type LumaOptions } from '../options/options.ts'
import { toRequest, type LumaRequest } from '../request/request.ts'
import { warnUnverified } from '../verify/secret.ts'
import { isDead } from '../verify/trust.ts'
import { createArrivals } from '../wait/arrivals.ts'
import { createWaiting } from '../wait/wait-for.ts'
import { duplicateAnswer, receivedAnswer, type LumaAnswer } from './answers.ts'
import { createCallbackReader, type Receipt } from './read-callback.ts'
import type { LumaHandler, Received } from './receiver.ts'
import { refuse } from './refuse.ts'
import { createStarter } from './start.ts'
import { createTake } from './take.ts'
import { withKey } from './with-key.ts'

/**
 * Makes a handler. Adapters are built on it, and so is whatever serves a framework that has none.
 *
 * @throws TypeError that names the option that is wrong or unknown.
 * @example
 * ```ts
 * import { createHandler } from '@luma-callback/core'
 *
 * const luma = createHandler({ onSuccess: ({ taskId, resultUrls }) => console.log(taskId, resultUrls) })
 * export async function POST({ method, url, headers, body }: Request) {
 *   const answer = await luma.handle({ method, url, headers: Object.fromEntries(headers), stream: body })
 *   return new Response(answer.body, answer)
 * }
 * ```
 */
export function createHandler(options: LumaOptions): LumaHandler {
  return createHandlerOn(systemClock, options)
}

/** `createHandler` with time, timers and randomness from elsewhere, for tests. */
export function createHandlerOn(clock: Clock, options: LumaOptions): LumaHandler {
  const settings = readOptions(options)
  const { secret, ackTimeout, trust, concurrency, retry, retention } = settings
  if (secret === undefined && !settings.verify && !trust) warnUnverified()
  const printer = createPrinter({ clock, write: (text) => console.error(text) })
  const emit = createEmit(settings.observe ?? printer.print)
  const budget = createBudget()
  const dedupe = settings.dedupe ?? memoryDedupeOn(clock)
  const inbox = settings.inbox ?? directInbox({ dedupe, ackTimeout, clock, budget })
  const outage = createOutage({ store: settings.inbox ? 'inbox' : 'dedupe', emit, clock })
  const arrivals = createArrivals(clock)
  let closing: Promise<void> | undefined

  const reader = createCallbackReader({ settings, budget, emit, clock, isClosing: () => closing !== undefined })
  const starter = createStarter({
    inbox,
    isDurable: settings.inbox !== undefined,
    deliver: createDeliver({ ...settings, emit, clock }),
    options: { concurrency, retry, retention, emit, clock, outage },
    inMaking: captureContext(),
    ackTimeout,
    clock,
  })
  const take = createTake({ settings, inbox, starter, arrivals, outage, emit, clock })

  async function handle(given: LumaRequest): Promise<LumaAnswer> {
    const receipt: Receipt = { request: toRequest(given), receivedAt: new Date(clock.now()) }
    try {
      const signature = reader.checkHeaders(receipt.request)
      const raw = await reader.readText(receipt)
      if (signature) await reader.checkSignature(receipt, raw, signature)
      const callback = reader.parse(receipt, raw)
      if (settings.verify) await reader.checkByUser(settings.verify, receipt, callback)
      const recorded = await take(callback, receipt)
      return recorded === 'recorded' ? receivedAnswer : duplicateAnswer
    } catch (error) {
      return refuse(error, { receipt, emit, clock })
    } finally {
      receipt.hold?.release()
    }
  }

  async function receive(callback: LumaCallback): Promise<Received> {
    if (closing) throw new ClosedError('the receiver is closing')
    if (!types.isDate(callback.receivedAt)) {
      throw new TypeError('receive: it takes a callback as parseCallback or callbackOf makes it; receivedAt is no Date')
    }
    const keyed = withKey(callback, settings.key)
    const recorded = await take(keyed)
    return recorded !== 'recorded' && (await isDead(inbox, keyed)) ? 'dead' : recorded
  }

  return {
    path: settings.path,
    isSigned: secret !== undefined,
    handle,
    start: starter.start,
    ...createWaiting({ inbox, arrivals, trust, clock }),
    receive,
    async close(closeOptions) {
      const timeout = closeTimeout(closeOptions)
      closing ??= inbox.close({ timeout }).finally(printer.flush)
      return closing
    },
  }
}
