import type { ApiError, ApiErrorCode, UntrackedError } from '@luma-callback/client'
import type * as core from '@luma-callback/core'
import {
  describeEvent,
  isLumaError,
  parseCallback,
  type CallbackIssue,
  type DedupeStore,
  type Inbox,
  type LumaCallback,
  type LumaErrorCode,
  type LumaErrorOf,
  type LumaEvent,
  type LumaFailure,
  type LumaOptions,
  type LumaSuccess,
} from '@luma-callback/core'
import type { DownloadError, DownloadErrorCode } from '@luma-callback/download'
import {
  lumaCallback as lumaExpress,
  type LumaCallback as ExpressCallback,
  type LumaMiddleware as ExpressMiddleware,
} from '@luma-callback/express'
import { lumaCallback as lumaKoa, type LumaMiddleware as KoaMiddleware } from '@luma-callback/koa'
import type { NoAnswer } from '@luma-callback/testing'
import { describe, expectTypeOf, test } from 'vitest'

// What is said here is checked by `tsc -p test`; what runs is only what keeps the file honest.

const secret = 'whk_test_key_1'

describe('a callback', () => {
  test('narrows on its outcome', () => {
    expectTypeOf<LumaCallback>().toEqualTypeOf<LumaSuccess | LumaFailure>()
    expectTypeOf(parseCallback).returns.toEqualTypeOf<LumaCallback>()
    expectTypeOf<Extract<LumaCallback, { outcome: 'success' }>>().toEqualTypeOf<LumaSuccess>()
    expectTypeOf<Extract<LumaCallback, { outcome: 'failure' }>>().toEqualTypeOf<LumaFailure>()
  })

  test('has result URLs on success only, and then at least one', () => {
    const read = (callback: LumaCallback): string => {
      if (callback.outcome === 'success') {
        expectTypeOf(callback.resultUrls).toEqualTypeOf<readonly [string, ...string[]]>()
        expectTypeOf(callback.resultUrls[0]).toEqualTypeOf<string>()
        expectTypeOf(callback.code).toEqualTypeOf<200>()
        return callback.resultUrls[0]
      }
      expectTypeOf(callback.reason).toEqualTypeOf<'task_failed' | 'no_result'>()
      // @ts-expect-error A failure has none.
      return callback.resultUrls
    }
    expectTypeOf(read).returns.toBeString()
    expectTypeOf<LumaFailure>().not.toHaveProperty('resultUrls')
    expectTypeOf<LumaSuccess>().not.toHaveProperty('reason')
  })

  test('has to be narrowed before its result URLs are read', () => {
    // @ts-expect-error It may be a failure.
    expectTypeOf((callback: LumaCallback) => callback.resultUrls).toBeFunction()
  })

  test('is told whole, its odd fields included', () => {
    expectTypeOf<LumaCallback['taskId']>().toBeString()
    expectTypeOf<LumaCallback['receivedAt']>().toEqualTypeOf<Date>()
    expectTypeOf<LumaCallback['query']>().toEqualTypeOf<Readonly<Record<string, string>>>()
    expectTypeOf<LumaCallback['issues']>().toEqualTypeOf<readonly CallbackIssue[]>()
    expectTypeOf<NonNullable<LumaCallback['params']>['prompt']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<NonNullable<LumaCallback['params']>['seed']>().toBeUnknown()
  })

  test('cannot be changed', () => {
    const change = (callback: LumaSuccess): void => {
      // @ts-expect-error It is read-only.
      callback.taskId = 'x'
      // @ts-expect-error Its list is, too.
      callback.resultUrls.push('x')
    }
    expectTypeOf(change).toBeFunction()
  })
})

describe('errors and events', () => {
  test('have codes that a switch covers to the last', () => {
    const explain = (code: LumaErrorCode): string => {
      switch (code) {
        case 'ERR_LUMA_BUSY':
        case 'ERR_LUMA_CLOSED':
        case 'ERR_LUMA_FORGED':
        case 'ERR_LUMA_UNCONFIRMED':
        case 'ERR_LUMA_WAIT_TIMEOUT':
        case 'ERR_LUMA_HOOK_FAILED':
        case 'ERR_LUMA_HOOK_TIMEOUT':
        case 'ERR_LUMA_INBOX_FILE':
        case 'ERR_LUMA_IN_PROGRESS':
        case 'ERR_LUMA_INVALID_CALLBACK':
        case 'ERR_LUMA_LEASE_LOST':
        case 'ERR_LUMA_NODE_VERSION':
        case 'ERR_LUMA_NO_HOOK':
        case 'ERR_LUMA_NO_SECRET':
        case 'ERR_LUMA_OTHER_FAMILY':
        case 'ERR_LUMA_STORE_UNAVAILABLE':
        case 'ERR_LUMA_UNRECOVERABLE':
          return code
        case 'ERR_LUMA_UNTRACKED':
        case 'ERR_LUMA_NO_ANSWER':
          return 'of another package'
        default:
          expectTypeOf(code).toEqualTypeOf<ApiErrorCode | DownloadErrorCode>()
          return code
      }
    }
    expectTypeOf(explain).parameter(0).toEqualTypeOf<LumaErrorCode>()
    // @ts-expect-error There is no such code.
    expectTypeOf(() => explain('ERR_LUMA_OTHER')).toBeFunction()
  })

  test('have the codes of all packages in one union', () => {
    type MadeBy<Class> = Class extends abstract new (...given: never) => infer Made ? Made : never
    type OfCore = Extract<MadeBy<(typeof core)[Exclude<keyof typeof core, 'LumaError'>]>, core.LumaError>
    type OfOthers = ApiErrorCode | DownloadErrorCode | UntrackedError['code'] | NoAnswer['code']
    expectTypeOf<LumaErrorCode>().toEqualTypeOf<OfCore['code'] | OfOthers>()
  })

  test('are narrowed by isLumaError to what goes with their code', () => {
    const read = (error: unknown): unknown => {
      if (isLumaError(error, 'ERR_LUMA_FORGED')) expectTypeOf(error.code).toEqualTypeOf<'ERR_LUMA_FORGED'>()
      if (isLumaError(error, 'ERR_LUMA_OTHER_FAMILY')) {
        expectTypeOf(error.family).toBeString()
        expectTypeOf(error.taskId).toEqualTypeOf<string | undefined>()
      }
      if (isLumaError(error, 'ERR_LUMA_INVALID_CALLBACK'))
        expectTypeOf(error.reason).toEqualTypeOf<'json' | 'callback'>()
      if (isLumaError(error, 'ERR_LUMA_API_RATE_LIMITED')) {
        expectTypeOf(error.status).toEqualTypeOf<number | undefined>()
        expectTypeOf(error.retryAfter).toEqualTypeOf<number | undefined>()
        expectTypeOf(error.mayHaveActed).toBeBoolean()
      }
      if (isLumaError(error, 'ERR_LUMA_DOWNLOAD_STATUS')) expectTypeOf(error.isInterruption).toBeBoolean()
      if (!isLumaError(error)) return error
      expectTypeOf(error.code).toEqualTypeOf<LumaErrorCode>()
      expectTypeOf(error.retryable).toBeBoolean()
      expectTypeOf(error.message).toBeString()
      // @ts-expect-error Not every error of ours has one.
      void error.family
      if (error.code === 'ERR_LUMA_UNTRACKED') expectTypeOf(error.taskId).toBeString()
      // @ts-expect-error There is no such code.
      return isLumaError(error, 'ERR_LUMA_OTHER')
    }
    expectTypeOf(read).toBeFunction()
  })

  test('are of the type that isLumaError narrows to', () => {
    expectTypeOf<core.OtherFamilyError>().toExtend<LumaErrorOf<'ERR_LUMA_OTHER_FAMILY'>>()
    expectTypeOf<core.InvalidCallbackError>().toExtend<LumaErrorOf<'ERR_LUMA_INVALID_CALLBACK'>>()
    expectTypeOf<core.ForgedError>().toExtend<LumaErrorOf<'ERR_LUMA_FORGED'>>()
    expectTypeOf<UntrackedError>().toExtend<LumaErrorOf<'ERR_LUMA_UNTRACKED'>>()
    expectTypeOf<NoAnswer>().toExtend<LumaErrorOf<'ERR_LUMA_NO_ANSWER'>>()
    expectTypeOf<LumaErrorOf<ApiErrorCode>>().toExtend<Omit<ApiError, never>>()
    expectTypeOf<LumaErrorOf<DownloadErrorCode>>().toExtend<Omit<DownloadError, never>>()
  })

  test('narrow on their type', () => {
    const read = (event: LumaEvent): void => {
      if (event.type === 'rejected') expectTypeOf(event.status).toBeNumber()
      if (event.type === 'conflict') expectTypeOf(event.first).toEqualTypeOf<string | undefined>()
      if (event.type === 'dead') expectTypeOf(event.error).toEqualTypeOf<Error>()
      if (event.type === 'retrying' && event.by === 'inbox') expectTypeOf(event.delay).toBeNumber()
      // @ts-expect-error Nobody knows when the provider sends again.
      if (event.type === 'retrying' && event.by === 'provider') expectTypeOf(event.delay).toBeNumber()
    }
    expectTypeOf(read).toBeFunction()
    expectTypeOf(describeEvent).parameter(0).toEqualTypeOf<LumaEvent>()
  })
})

describe.each([
  ['express', lumaExpress],
  ['koa', lumaKoa],
])('lumaCallback for %s', (_, lumaCallback) => {
  test('takes a function, a function and options, or options', () => {
    lumaCallback(() => {}, { secret })
    lumaCallback(
      async ({ resultUrls, taskId }, { attempt, signal, key }) => {
        expectTypeOf(resultUrls).toEqualTypeOf<readonly [string, ...string[]]>()
        expectTypeOf(taskId).toBeString()
        expectTypeOf(attempt).toBeNumber()
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
        expectTypeOf(key).toBeString()
      },
      { secret: [secret], concurrency: 2, retry: { attempts: 2 } },
    )
    lumaCallback({
      secret: async ({ params }) => params?.['tenant'],
      onSuccess: ({ outcome }) => expectTypeOf(outcome).toEqualTypeOf<'success'>(),
      onFailure: ({ outcome, reason }) => {
        expectTypeOf(outcome).toEqualTypeOf<'failure'>()
        expectTypeOf(reason).toEqualTypeOf<'task_failed' | 'no_result'>()
      },
      key: ({ taskId }) => taskId,
      verify: (request, callback) => request.url !== callback.key,
      observe: (event) => expectTypeOf(event).toEqualTypeOf<LumaEvent>(),
      bodyLimit: '1mb',
    })
    expectTypeOf(lumaCallback).toBeCallableWith(() => {})
  })

  test('takes nothing else', () => {
    const wrong = [
      // @ts-expect-error onSuccess is missing.
      () => lumaCallback({}),
      // @ts-expect-error So it is here.
      () => lumaCallback({ onFailure: () => {} }),
      // @ts-expect-error A hook is a function.
      () => lumaCallback({ onSuccess: 'save' }),
      // @ts-expect-error There is no such option.
      () => lumaCallback(() => {}, { timeout: 5 }),
      // @ts-expect-error A hook is given once.
      () => lumaCallback(() => {}, { onSuccess: () => {} }),
      // @ts-expect-error Times are numbers.
      () => lumaCallback(() => {}, { ackTimeout: '10s' }),
      // @ts-expect-error A secret is a text.
      () => lumaCallback(() => {}, { secret: 5 }),
      // @ts-expect-error It may have no verdict, which must not accept.
      () => lumaCallback(() => {}, { verify: async () => [true].pop() }),
      // @ts-expect-error Half of a verdict is none.
      () => lumaCallback(() => {}, { verify: ({ method }) => (method === 'PUT' ? false : undefined) }),
      // @ts-expect-error A success has no reason.
      () => lumaCallback(({ reason }) => reason),
      // @ts-expect-error There is nothing to call.
      () => lumaCallback(),
    ]
    expectTypeOf(wrong).toBeArray()
  })
})

test('a middleware can be started and closed, and fits its framework', () => {
  expectTypeOf(lumaExpress).returns.toEqualTypeOf<ExpressMiddleware>()
  expectTypeOf(lumaKoa).returns.toEqualTypeOf<KoaMiddleware>()
  expectTypeOf<ExpressMiddleware['close']>().returns.toEqualTypeOf<Promise<void>>()
  expectTypeOf<KoaMiddleware['start']>().returns.toEqualTypeOf<Promise<void>>()
})

test('the types that an adapter hands on are core’s own', () => {
  expectTypeOf<ExpressCallback>().toEqualTypeOf<LumaCallback>()
})

test('options may be undefined where an environment variable can be, but for onSuccess', () => {
  expectTypeOf<undefined>().toExtend<LumaOptions['path']>()
  expectTypeOf<undefined>().toExtend<LumaOptions['secret']>()
  expectTypeOf<undefined>().not.toExtend<LumaOptions['onSuccess']>()
  expectTypeOf<LumaOptions['inbox']>().toEqualTypeOf<Inbox | undefined>()
  expectTypeOf<LumaOptions['dedupe']>().toEqualTypeOf<DedupeStore | undefined>()
})
