import { trace, type Attributes, type Span, type SpanOptions, type Tracer } from '@opentelemetry/api'
import type { DurableInbox } from '@luma-callback/core'
import { expect, onTestFinished, test } from 'vitest'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { hasPostgres, openPostgresInbox, postgresNamespace, postgresReason } from '../helpers/postgres.ts'
import { hasRedis, openRedisInbox, redisNamespace, redisReason } from '../helpers/redis.ts'

interface Told {
  name: string
  attributes: Attributes
}

const PATIENCE = { timeout: 30_000 }

/** A tracer provider of the process, as an OpenTelemetry SDK registers one. */
function registerProvider(): Told[] {
  const spans: Told[] = []
  const noop = trace.wrapSpanContext({ traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 })
  function startSpan(name: string, { attributes = {} }: SpanOptions = {}): Span {
    spans.push({ name, attributes })
    return noop
  }
  const startActiveSpan = (name: string, ...given: unknown[]): unknown => {
    startSpan(name, typeof given[0] === 'object' ? (given[0] as SpanOptions) : {})
    return (given.at(-1) as (span: Span) => unknown)(noop)
  }
  const tracer: Tracer = { startSpan, startActiveSpan }
  expect(trace.setGlobalTracerProvider({ getTracer: () => tracer })).toBe(true)
  onTestFinished(() => trace.disable())
  return spans
}

/** An inbox that took two callbacks, one of which failed at first, and has delivered both. */
async function used(inbox: DurableInbox): Promise<void> {
  const { events } = await startInbox(inbox, async ({ taskId }, { attempt }) => {
    if (taskId === 'a' && attempt === 1) throw new Error('not yet')
  })
  await Promise.all([inbox.record(callbackOf('a')), inbox.record(callbackOf('b'))])
  await expect.poll(() => events.filter(({ type }) => type === 'delivered').length, PATIENCE).toBe(2)
}

test.skipIf(!hasPostgres)(
  `an inbox on Postgres makes no span, at work or idle, unless it is asked to${postgresReason}`,
  async () => {
    const spans = registerProvider()
    const [quiet, telling] = await Promise.all([postgresNamespace(), postgresNamespace()])
    onTestFinished(() => Promise.all([quiet.tearDown(), telling.tearDown()]).then(() => {}))
    await used(openPostgresInbox(quiet.url, { schema: quiet.schema, pollInterval: 10 }))
    expect(spans).toEqual([])

    // The one that tells shows that both have looked for work in vain meanwhile, and that this test would hear of it.
    await used(openPostgresInbox(telling.url, { schema: telling.schema, pollInterval: 10, telemetry: true }))
    const since = spans.length
    await expect.poll(() => spans.length, PATIENCE).toBeGreaterThan(since + 5)
    expect(spans.filter(({ attributes }) => JSON.stringify(attributes).includes(quiet.schema))).toEqual([])
    expect(spans.every(({ attributes }) => JSON.stringify(attributes).includes(telling.schema))).toBe(true)
  },
)

test.skipIf(!hasRedis)(`an inbox on Redis makes no span, at work or idle${redisReason}`, async () => {
  const spans = registerProvider()
  const { url, prefix, tearDown } = await redisNamespace()
  onTestFinished(tearDown)
  const inbox = openRedisInbox(url, { prefix, pollInterval: 10 })
  await used(inbox)
  await inbox.stats()
  expect(spans).toEqual([])
})

test('"telemetry" is a switch', async () => {
  expect(() => openPostgresInbox('postgres://127.0.0.1/x', { telemetry: 'yes' as unknown as boolean })).toThrow(
    new TypeError('postgresInbox: option "telemetry" must be true or false'),
  )
})
