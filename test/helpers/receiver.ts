import type { LumaAnswer, LumaEvent, LumaHandler, LumaOptions, LumaRequest } from '@luma-callback/core'
import { createHandlerOn } from '@luma-callback/core/internal'
import { expect, onTestFinished } from 'vitest'
import { fakeClock, type FakeClock } from './clock.ts'
import { SECRET, signedHeaders } from './signed.ts'

/** A callback to send, as `successOf` and `failureOf` make it. */
export interface Sample {
  taskId: string
  body: string
}

export interface Receiver {
  handler: LumaHandler
  clock: FakeClock
  /** Everything that was told to `observe`. */
  events: LumaEvent[]
  /** Sends a callback as the provider would, signed at this moment. */
  send(sample: Sample, request?: Partial<LumaRequest>): Promise<LumaAnswer>
  /** The events of one type. */
  eventsOf<Type extends LumaEvent['type']>(type: Type): Extract<LumaEvent, { type: Type }>[]
}

/** A handler without a server, on a clock that stands still. It fails the test in which it leaves a timer behind. */
export function startReceiver(options: Partial<LumaOptions> = {}, clock: FakeClock = fakeClock()): Receiver {
  const events: LumaEvent[] = []
  const observe = (event: LumaEvent) => events.push(event)
  const handler = createHandlerOn(clock, { onSuccess: () => {}, secret: SECRET, observe, ...options })
  onTestFinished(() => expect(clock.pending, 'timers left behind').toBe(0))
  return {
    handler,
    clock,
    events,
    send({ taskId, body }, request) {
      const timestamp = Math.floor(clock.now() / 1000)
      return handler.handle({
        method: 'POST',
        url: '/luma-modify-callback',
        headers: signedHeaders(taskId, { timestamp }),
        rawBody: body,
        ...request,
      })
    },
    eventsOf<Type extends LumaEvent['type']>(type: Type) {
      return events.filter((event): event is Extract<LumaEvent, { type: Type }> => event.type === type)
    },
  }
}

/** An answer in short: `200 received`, `503 in_progress`. */
export function verdict({ status, body }: LumaAnswer): string {
  const { status: word, error } = JSON.parse(body) as { status: string; error?: string }
  return `${status} ${error ?? word}`
}

/** The answer in short, as soon as it is there. */
export async function verdictOf(answer: Promise<LumaAnswer>): Promise<string> {
  return verdict(await answer)
}

/** How often each of these came up. */
export function count(verdicts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const one of verdicts) counts[one] = (counts[one] ?? 0) + 1
  return counts
}

/** What a promise has come to by now: its value, or `pending`. */
export function watch<Result>(promise: Promise<Result>): { result: Result | 'pending' } {
  const watched: { result: Result | 'pending' } = { result: 'pending' }
  void promise.then((result) => {
    watched.result = result
  })
  return watched
}

/** A hook that stays where it is until it is told how to end. */
export interface HeldHook<Arguments extends readonly unknown[]> {
  hook: (...given: Arguments) => Promise<void>
  /** The arguments of every run so far. */
  calls: Arguments[]
  /** Ends the oldest run that is still open. */
  succeed(): void
  fail(error?: unknown): void
}

export function heldHook<Arguments extends readonly unknown[]>(): HeldHook<Arguments> {
  const calls: Arguments[] = []
  const open: { resolve: () => void; reject: (error: unknown) => void }[] = []
  return {
    calls,
    hook(...given) {
      calls.push(given)
      return new Promise<void>((resolve, reject) => {
        open.push({ resolve, reject })
      })
    },
    succeed: () => open.shift()?.resolve(),
    fail: (error = new Error('the hook failed')) => open.shift()?.reject(error),
  }
}
