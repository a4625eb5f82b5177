// Every public function that takes options, with all of them: of its interface, the compiler sees to that.
import {
  callbackOf,
  createClient,
  pollResult,
  reconcile,
  type CallOptions,
  type ClientOptions,
  type ModifyRequest,
  type PollOptions,
  type ReconcileOptions,
} from '@luma-callback/client'
import {
  createHandler,
  memoryDedupe,
  withSpool,
  type CloseOptions,
  type ListOptions,
  type LumaOptions,
  type MemoryDedupeOptions,
  type SpoolOptions,
  type WaitOptions,
} from '@luma-callback/core'
import { createInbox, readListOptions, type CreateInboxOptions } from '@luma-callback/core/inbox'
import { s3Sink, saveResults, saveUrl, type S3SinkOptions, type SaveUrlOptions } from '@luma-callback/download'
import { lumaCallback as expressCallback } from '@luma-callback/express'
import { lumaCallback as koaCallback } from '@luma-callback/koa'
import {
  postgresDedupe,
  postgresInbox,
  type PostgresDedupeOptions,
  type PostgresInboxOptions,
} from '@luma-callback/postgres'
import { redisDedupe, redisInbox, type RedisDedupeOptions, type RedisInboxOptions } from '@luma-callback/redis'
import { sqliteInbox, type SqliteInboxOptions } from '@luma-callback/sqlite'
import {
  auditEndpoint,
  dedupeContract,
  inboxContract,
  sampleCallback,
  signedRequest,
  startSimulator,
  type AuditOptions,
  type DedupeContractOptions,
  type InboxContractOptions,
  type SampleCallbackOptions,
  type SignedRequestOptions,
  type SimulatorOptions,
} from '@luma-callback/testing'
import * as fc from 'fast-check'
import {
  bytes,
  callable,
  count,
  flag,
  longTime,
  made,
  nested,
  numbers,
  object,
  oneOf,
  patience,
  retry,
  share,
  someText,
  text,
  texts,
  time,
  url,
  type Kind,
} from './kinds.ts'

export interface TakesOptions {
  /** As messages name it. */
  caller: string
  call: (options: never) => unknown
  options: Readonly<Record<string, Kind>>
  /** Right ones, beside which another is wrong. */
  right: object
  /** True if names that it does not know are passed over. */
  isLenient?: boolean
}

function takes<Options>(
  caller: string,
  call: (options: Options) => unknown,
  options: { readonly [Name in keyof Required<Options>]: Kind },
  right: object = {},
): TakesOptions {
  return { caller, call, options, right }
}

const nothing = () => {}
const client = { details: () => Promise.reject(new Error('nobody asks')) }
const receiver = { receive: nothing, has: nothing, waitFor: nothing }
const details = { taskId: 't', state: 'failure', resultUrls: [] }
const task = { taskId: 't', resultUrls: ['https://a.example/a.mp4'] as [string] }
const httpClient = createClient({ apiKey: 'k', fetch: () => Promise.reject(new Error('nobody asks')) })
const REDIS = 'redis://127.0.0.1:1'
const POSTGRES = 'postgres://127.0.0.1:1/none'

const luma: { readonly [Name in keyof Required<LumaOptions>]: Kind } = {
  onSuccess: callable,
  onFailure: callable,
  path: { ...text, refused: fc.constantFrom('', 'luma', 'https://a.example/') },
  inbox: made,
  dedupe: made,
  secret: { accepts: (value) => typeof value === 'string' || Array.isArray(value), refused: fc.constantFrom('', ' x') },
  tolerance: { ...count(1, 86_400), unit: 'seconds' },
  verify: callable,
  trust: made,
  ackTimeout: time(1, 14_000),
  hookTimeout: time(),
  retry: retry(Number.MAX_SAFE_INTEGER, 0),
  concurrency: count(),
  bodyLimit: bytes,
  bodyTimeout: time(),
  retention: longTime(),
  key: callable,
  observe: callable,
}
const wait: { readonly [Name in keyof Required<WaitOptions>]: Kind } = {
  signal: made,
  timeout: patience(fc.double({ max: 0, noNaN: true })),
}
const sample: { readonly [Name in keyof Required<SampleCallbackOptions & SignedRequestOptions>]: Kind } = {
  taskId: text,
  outcome: oneOf('success', 'failure'),
  code: { accepts: (value) => typeof value === 'number', refused: fc.constantFrom(1.5, Number.NaN) },
  msg: text,
  resultUrls: texts,
  prompt: text,
  videoUrl: text,
  callBackUrl: text,
  promptJson: text,
  extra: object,
  query: object,
  receivedAt: made,
  key: text,
  secret: someText,
  timestamp: { ...count(0), unit: 'seconds' },
  body: text,
}
const save: { readonly [Name in keyof Required<SaveUrlOptions>]: Kind } = {
  to: someText,
  allowHosts: texts,
  allowHttp: flag,
  allowPrivate: flag,
  maxBytes: { ...count(), unit: 'bytes' },
  sha256: { ...text, refused: fc.constantFrom('', 'abc') },
  checkContent: flag,
  timeouts: nested({ connect: time(), firstByte: time(), idle: time(), total: time() }),
  retry: retry(1_000, 1),
  refresh: callable,
  signal: made,
  onProgress: callable,
  name: someText,
}
const dedupe = { timeout: time() }
const inbox = { ...dedupe, lease: time(1_000), pollInterval: time(10) }
const { query: _query, receivedAt: _receivedAt, key: _key, ...request } = sample
const { secret: _secret, timestamp: _timestamp, body: _body, ...callback } = sample

async function waitByReconciler(options: WaitOptions): Promise<void> {
  const reconciler = reconcile({ client, receiver: receiver as never, pending: () => [] })
  try {
    await reconciler.waitFor('t', options)
  } finally {
    await reconciler.close()
  }
}

export const FUNCTIONS: readonly TakesOptions[] = [
  takes<LumaOptions>('lumaCallback', createHandler, luma, { onSuccess: nothing }),
  takes<LumaOptions>('lumaCallback', expressCallback, luma, { onSuccess: nothing }),
  takes<LumaOptions>('lumaCallback', koaCallback, luma, { onSuccess: nothing }),
  takes<WaitOptions>('waitFor', (options) => createHandler({ onSuccess: nothing }).waitFor('t', options), wait),
  {
    ...takes<CloseOptions>('close', (options) => createHandler({ onSuccess: nothing }).close(options), {
      timeout: patience(fc.double({ max: -Number.MIN_VALUE, noNaN: true })),
    }),
    isLenient: true,
  },
  takes<ListOptions>('list', readListOptions, {
    state: oneOf('pending', 'running', 'done', 'dead'),
    cursor: text,
    limit: count(1, 1_000),
  }),
  takes<MemoryDedupeOptions>('memoryDedupe', memoryDedupe, { max: count() }),
  takes<SpoolOptions>('withSpool', (options) => withSpool({} as never, {} as never, options), { timeout: longTime() }),

  takes<CreateInboxOptions>(
    'createInbox',
    (options) => createInbox({ name: 'an inbox' } as never, options),
    { lease: time(1), pollInterval: time(1), timeout: time(1), recoverInterval: time(1) },
    { lease: 1, pollInterval: 1 },
  ),
  takes<SqliteInboxOptions>('sqliteInbox', (options) => sqliteInbox('never-made.db', options), {
    busyTimeout: time(0),
    lease: time(1_000),
    pollInterval: time(10),
  }),
  takes<RedisInboxOptions>('redisInbox', (options) => redisInbox(REDIS, options), { ...inbox, prefix: someText }),
  takes<RedisDedupeOptions>('redisDedupe', (options) => redisDedupe(REDIS, options), { ...dedupe, prefix: someText }),
  takes<PostgresInboxOptions>('postgresInbox', (options) => postgresInbox(POSTGRES, options), {
    ...inbox,
    schema: someText,
    telemetry: flag,
  }),
  takes<PostgresDedupeOptions>('postgresDedupe', (options) => postgresDedupe(POSTGRES, options), {
    ...dedupe,
    schema: someText,
  }),

  takes<ClientOptions>(
    'createClient',
    createClient,
    {
      apiKey: { ...text, refused: fc.constantFrom('', ' k', 'k\n') },
      baseUrl: url,
      fetch: callable,
      timeout: time(),
      retry: retry(1_000, 1),
      retrySubmissions: flag,
      tasks: made,
    },
    { apiKey: 'k' },
  ),
  takes<ModifyRequest>(
    'modify',
    (options) => httpClient.modify(options),
    { prompt: someText, videoUrl: url, callBackUrl: url, watermark: text },
    { prompt: 'make it snow', videoUrl: 'https://a.example/a.mp4' },
  ),
  ...(['details', 'downloadUrl'] as const).map((caller) =>
    takes<CallOptions>(caller, (options) => httpClient[caller]('t', options), { signal: made }),
  ),
  takes<PollOptions>('pollResult', (options) => pollResult(client, 't', options), { ...wait, interval: longTime() }),
  takes<{ receivedAt?: Date }>('callbackOf', (options) => callbackOf(details as never, options), { receivedAt: made }),
  takes<ReconcileOptions>(
    'reconcile',
    reconcile,
    {
      client: made,
      receiver: made,
      pending: callable,
      interval: longTime(),
      overdueAfter: longTime(),
      maxAge: longTime(),
      rate: count(1, 1_000),
      observe: callable,
    },
    { client, receiver, pending: () => [] },
  ),
  takes<WaitOptions>('waitFor', waitByReconciler, wait),

  takes<SaveUrlOptions>('saveUrl', (options) => saveUrl('https://a.example/a.mp4', options), save, {
    to: 'never-made',
  }),
  takes<SaveUrlOptions>('saveResults', (options) => saveResults(task, options), save, { to: { write: nothing } }),
  takes<S3SinkOptions>(
    's3Sink',
    s3Sink,
    { client: made, bucket: someText, prefix: text },
    { client: { send: nothing }, bucket: 'b' },
  ),

  takes<SimulatorOptions>('startSimulator', startSimulator, {
    port: count(0, 65_535),
    host: someText,
    apiKey: someText,
    secret: someText,
    seed: count(0),
    generationTime: numbers,
    deliveryTimeout: time(),
    retries: count(0),
    retryPause: numbers,
    failures: share,
    duplicates: share,
    contradictions: share,
    outOfOrder: share,
    slowBodies: share,
    cutBodies: share,
    expiredUrls: share,
    expiredFiles: share,
    truncatedFiles: share,
    rateLimited: share,
    credits: count(0),
    unavailable: oneOf(455, 500, 501, 505),
    linkLifetime: longTime(0),
    fileLifetime: longTime(0),
    observe: callable,
  }),
  takes<AuditOptions>(
    'auditEndpoint',
    auditEndpoint,
    {
      url,
      secret: someText,
      probe: url,
      resultUrl: url,
      only: texts,
      timeout: time(),
      observe: callable,
      signal: made,
    },
    { url: 'http://127.0.0.1:1' },
  ),
  takes<SampleCallbackOptions>('sampleCallback', sampleCallback, callback),
  takes<SignedRequestOptions>('signedRequest', signedRequest, request),
  takes<InboxContractOptions>(
    'inboxContract',
    inboxContract,
    { test: callable, setUp: callable, guarantees: texts, patience: longTime() },
    { test: nothing, setUp: nothing },
  ),
  takes<DedupeContractOptions>(
    'dedupeContract',
    dedupeContract,
    { test: callable, setUp: callable },
    { test: nothing, setUp: nothing },
  ),
]
