import { createHandler, OtherFamilyError, parseCallback, type LumaCallback, type LumaEvent } from '@luma-callback/core'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { fakeStore, jobOf, startRunner } from '../helpers/jobs.ts'
import { settlePromises } from '../helpers/clock.ts'
import { FAMILY_BODIES } from '../helpers/families.ts'
import { startReceiver, verdict } from '../helpers/receiver.ts'
import { fixtures, signedHeaders } from '../helpers/signed.ts'

const VIDEO = 'https://tempfile.aiquickdraw.com/v/sample.mp4'
const json = { 'content-type': 'application/json' }

function parse(raw: string): LumaCallback {
  return parseCallback({ raw, query: {}, receivedAt: new Date(0) })
}

/** The name of the API that a body is refused for, or what it was taken for. */
function verdictOn(body: unknown): string {
  try {
    const callback = parse(JSON.stringify(body))
    return callback.outcome === 'success' ? 'success' : callback.reason
  } catch (error) {
    return error instanceof OtherFamilyError ? error.family : (error as Error).message
  }
}

/** Options of a receiver whose every part counts as touched when it is asked anything. */
function untouched() {
  const touched = vi.fn()
  const dedupe = { claim: touched, renew: touched, complete: touched, release: touched }
  const options = { onSuccess: touched, onFailure: touched, verify: touched, dedupe, trust: { confirm: touched } }
  return { options, touched }
}

describe.each(FAMILY_BODIES)('$family, $what', ({ family, taskId, body }) => {
  test('is refused with its name, and neither handled, remembered nor confirmed', async () => {
    const { options, touched } = untouched()
    const events: LumaEvent[] = []
    const { handle } = createHandler({ ...options, observe: (event) => events.push(event) })
    const answer = await handle({ method: 'POST', url: '/', headers: json, rawBody: body })
    const message = expect.stringMatching(new RegExp(`\\(${family}\\).*callBackUrl`))
    expect({ status: answer.status, body: JSON.parse(answer.body) as unknown }).toEqual({
      status: 400,
      body: { status: 'rejected', error: 'other_family', message },
    })
    expect(events).toEqual([{ type: 'rejected', status: 400, reason: 'other_family', message, family, taskId }])
    expect(touched).not.toHaveBeenCalled()
  })

  test('cannot be parsed as a callback', () => {
    expect(() => parse(body)).toThrow(
      expect.objectContaining({ code: 'ERR_LUMA_OTHER_FAMILY', family, taskId, retryable: false }),
    )
  })
})

describe('a body that has less than is documented', () => {
  const id = { taskId: 'a' }

  test.each([
    ['market', 200, { ...id, state: 'success', param: '{}' }],
    ['market', 200, { ...id, state: 'success', resultJson: '{}' }],
    ['market', 501, { ...id, state: 'fail', failCode: '500' }],
    ['market', 501, { ...id, state: 'fail', failMsg: 'no' }],
    ['market', 200, { ...id, state: 'success', model: 'nano-banana-pro' }],
    ['suno', 200, { ...id, callbackType: 'complete', data: [] }],
    ['suno', 200, { task_id: 'a', callbackType: 'complete' }],
    ['runway', 200, { ...id, video_id: 'v', video_url: VIDEO }],
    ['suno-wav', 200, { ...id, audioWavUrl: VIDEO }],
    ['suno-midi', 200, { ...id, instruments: [{}] }],
  ])('is still of %s: %d %j', (family, code, data) => {
    expect(verdictOn({ code, msg: '', data })).toBe(family)
  })

  test.each([{ assets: {} }, { generation_type: 'image' }, { request: {} }, { failure_reason: null }])(
    'is still of the official Luma API with %j alone',
    (field) => {
      expect(verdictOn({ id: 'd1b2', state: 'completed', ...field })).toBe('luma-official')
    },
  )

  test('is still of Aleph without an image', () => {
    expect(verdictOn({ code: 200, msg: '', data: { result_video_url: VIDEO }, taskId: 'a' })).toBe('aleph')
  })
})

describe('a receiver with a secret', () => {
  const signed = FAMILY_BODIES.filter(({ family }) => family !== 'luma-official')
  const ofOfficial = FAMILY_BODIES.filter(({ family }) => family === 'luma-official')

  test.each(signed)('checks the signature of $family, $what, before it names the API', async (sample) => {
    const { options, touched } = untouched()
    const { send, events } = startReceiver(options)
    expect(verdict(await send(sample))).toBe('400 other_family')
    expect(verdict(await send(sample, { headers: signedHeaders('another task') }))).toBe('401 unverified')
    expect(verdict(await send(sample, { headers: json }))).toBe('401 unverified')
    expect(events.map((event) => event.type === 'rejected' && event.family)).toEqual([
      sample.family,
      undefined,
      undefined,
    ])
    expect(touched).not.toHaveBeenCalled()
  })

  test.each(ofOfficial)('refuses the official Luma API, $what, which signs nothing', async (sample) => {
    const { send } = startReceiver(untouched().options)
    expect(verdict(await send(sample, { headers: json }))).toBe('401 unverified')
    expect(verdict(await send(sample))).toBe('400 other_family')
  })
})

test('the true result of a task is taken after a callback of another API under its id', async () => {
  const onSuccess = vi.fn()
  const { handle } = createHandler({ verify: () => true, onSuccess, observe: () => {} })
  const send = (rawBody: string) => handle({ method: 'POST', url: '/', headers: json, rawBody })
  const other = JSON.stringify({ code: 200, msg: '', data: { taskId: 'a', info: { result_urls: [VIDEO] } } })
  expect(verdict(await send(other))).toBe('400 other_family')
  const own = JSON.stringify({ code: 200, msg: '', data: { taskId: 'a', resultUrls: [VIDEO] } })
  expect(verdict(await send(own))).toBe('200 received')
  expect(onSuccess).toHaveBeenCalledOnce()
})

test('a stored callback of another API is buried, and no hook runs', async () => {
  const [sample] = FAMILY_BODIES
  const job = jobOf('a')
  const store = fakeStore({ ...job, source: { ...job.source, raw: sample?.body ?? '' } })
  const deliver = vi.fn(async () => {})
  const { events } = startRunner(store, deliver)
  await settlePromises()
  expect(deliver).not.toHaveBeenCalled()
  expect(store.notes).toEqual([expect.stringMatching(/^bury a: OtherFamilyError: .*\(market\)/)])
  // The key says which task it was: no other event does.
  expect(events).toMatchObject([
    {
      type: 'error',
      error: { message: expect.stringContaining('stored callback a '), cause: { code: 'ERR_LUMA_OTHER_FAMILY' } },
    },
  ])
})

const promptJson = '{"prompt":"a fox"}'
/** What each was before any other API was told apart. */
const LUMA = [
  { was: 'success', code: 200, data: { taskId: 'a', promptJson, resultUrls: [VIDEO] } },
  { was: 'success', code: 200, data: { task_id: 'a', resultUrls: [VIDEO] } },
  { was: 'task_failed', code: 500, data: { taskId: 'a', promptJson } },
  { was: 'task_failed', code: 501, data: { taskId: 'a' } },
  { was: 'task_failed', code: 500, data: { task_id: 'a', promptJson: 5 } },
  { was: 'task_failed', code: 500, data: { taskId: 'a', promptJson: null, resultUrls: null } },
  { was: 'no_result', code: 200, data: { taskId: 'a', promptJson } },
  { was: 'no_result', code: 200, data: { taskId: 'a' } },
  { was: 'no_result', code: 200, data: { taskId: 'a', resultUrls: [] } },
  { was: 'no_result', code: 200, data: { taskId: 'a', resultUrls: 'none' } },
] as const

describe.each(LUMA)('a body of Luma modify, $was, $data', ({ was, code, data }) => {
  test.each([
    { state: 'success' },
    { state: 'fail' },
    { model: 'ray-2' },
    { info: {} },
    { info: 'none' },
    { info: [{ resultUrls: [VIDEO] }] },
    { images: 'none' },
    { images: {} },
    { costTime: 8, consumeCredits: 4, createTime: 1, completeTime: 2 },
    { status: 'success', errorCode: 500, errorMessage: 'no' },
    { successFlag: 3, paramJson: promptJson, completeTime: 1 },
    { callbackType: 5, data: [] },
    { callbackType: 'other', task_id: 'a' },
    { callbackType: 'complete' },
    { state: 7, model: 'ray-2' },
    { state: 'completed', model: 'ray-2' },
    { fallbackFlag: 'no' },
    { video_url: VIDEO },
    { video_id: 'v' },
    { audioWavUrl: 5 },
    { vocal_separation_info: 'none' },
    { instruments: 'none' },
    { voiceId: 'v' },
    { result_video_url: VIDEO },
  ])('is what it was with the unknown fields %j', (extra) => {
    expect(verdictOn({ code, msg: 'x', data: { ...extra, ...data } })).toBe(was)
  })

  test.each([
    { taskId: 'a' },
    { id: 'd1b2', state: 'completed', assets: {}, generation_type: 'video' },
    { state: 'success', model: 'ray-2' },
    { info: null, callbackType: 'complete' },
    { video_id: 'v', video_url: VIDEO },
  ])('is what it was with %j beside its data', (extra) => {
    expect(verdictOn({ ...extra, code, msg: 'x', data })).toBe(was)
  })
})

describe('what only Luma modify sends decides', () => {
  test.each(FAMILY_BODIES)('over the fields of $family, $what', ({ body }) => {
    const { code, data, ...rest } = JSON.parse(body) as { code?: number; data?: object }
    const own = (fields: object) => ({
      ...rest,
      code: code ?? 200,
      data: { taskId: 'a', ...data, task_id: null, ...fields },
    })
    expect(verdictOn(own({ taskId: 'a', resultUrls: [VIDEO] }))).toBe(code === 200 || !code ? 'success' : 'task_failed')
    expect(verdictOn({ ...own({ taskId: 'a', promptJson }), code: 500 })).toBe('task_failed')
  })

  test('and a success of another API that sends a prompt too is still refused', () => {
    expect(verdictOn({ code: 200, data: { taskId: 'a', promptJson, info: { resultUrls: [VIDEO] } } })).toBe('veo')
    expect(
      verdictOn({ code: 200, data: { taskId: 'a', promptJson, resultUrls: null, info: { resultUrls: [] } } }),
    ).toBe('veo')
  })
})

test('whatever unknown fields a body of Luma modify holds, it is what it was', () => {
  const marks = ['state', 'model', 'param', 'resultJson', 'failCode', 'failMsg', 'callbackType', 'data', 'info']
  const more = ['fallbackFlag', 'video_id', 'video_url', 'image_url', 'images', 'audioWavUrl', 'instruments', 'voiceId']
  const names = fc.oneof(fc.string(), fc.constantFrom(...marks, ...more, 'status', 'validateInfo'))
  // One field that another API has, and any number of fields that none has.
  const extras = fc
    .tuple(fc.dictionary(fc.string(), fc.jsonValue()), names, fc.jsonValue({ maxDepth: 3 }))
    .map(([others, name, value]) => ({ ...others, [name]: value }))
  fc.assert(
    fc.property(
      fc.constantFrom(...LUMA.filter(({ data }) => 'promptJson' in data && data.promptJson)),
      extras,
      (luma, extra) => {
        const { was, code, data } = luma
        expect(verdictOn({ ...extra, code, msg: '', data: { ...extra, ...data } })).toBe(was)
      },
    ),
    { numRuns: 500 },
  )
})

test('whatever is sent, telling the API of it throws nothing else', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (code, data, info) => {
      for (const body of [data, { code, data }, { code, data: { taskId: 'a', info } }, { code, data: { data, info } }])
        expect(verdictOn(body)).toEqual(expect.any(String))
    }),
  )
})

test('the documented callbacks of Luma modify are taken', () => {
  for (const text of Object.values(fixtures)) expect(() => parse(text)).not.toThrow()
})
