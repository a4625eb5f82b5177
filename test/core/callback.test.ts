import { InvalidCallbackError, OtherFamilyError, parseCallback, type LumaCallback } from '@luma-callback/core'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { fixtures, TASK_ID } from '../helpers/signed.ts'

const receivedAt = new Date('2025-08-13T09:48:00Z')
const URL_1 = 'https://tempfile.aiquickdraw.com/l/f782018c-6be4-4990-96ba-7231cd5a39e7.mp4'

function parse(raw: string): LumaCallback {
  return parseCallback({ raw, query: {}, receivedAt })
}

/** A success in which nothing is odd, with these fields instead. */
function withFields(fields: Record<string, unknown>, data: Record<string, unknown> = {}): LumaCallback {
  const usual = { taskId: 'task-1', promptJson: '{}', resultUrls: [URL_1] }
  return parse(JSON.stringify({ code: 200, msg: 'ok', data: { ...usual, ...data }, ...fields }))
}

function refusal(raw: string): InvalidCallbackError {
  try {
    parse(raw)
  } catch (error) {
    if (error instanceof InvalidCallbackError) return error
    throw error
  }
  throw new Error('it was not refused')
}

function paths({ issues }: LumaCallback): string[] {
  return issues.map(({ path }) => path)
}

const prototypeNames = Reflect.ownKeys(Object.prototype)

afterEach(() => {
  expect(Reflect.ownKeys(Object.prototype)).toEqual(prototypeNames)
})

describe('the documented callbacks', () => {
  test('a success is read as the provider documents it', () => {
    const callback = parse(fixtures.success)
    expect(callback).toMatchObject({
      outcome: 'success',
      taskId: TASK_ID,
      code: 200,
      msg: 'Modify record generated successfully.',
      resultUrls: [URL_1],
      params: { callBackUrl: 'https://b7af305f36d6.ngrok-free.app/api/v1/modify/test', waterMark: '' },
      key: `${TASK_ID}:success`,
      issues: [],
    })
    expect(callback.promptJson).toBe(JSON.stringify(callback.params))
  })

  test('a failure is read as the provider documents it, and has no result URLs', () => {
    const callback = parse(fixtures.failure)
    expect(callback).toMatchObject({ outcome: 'failure', reason: 'task_failed', code: 500, key: `${TASK_ID}:failure` })
    expect(callback).toMatchObject({ msg: 'Modify record generation failed.', issues: [] })
    expect(callback).not.toHaveProperty('resultUrls')
  })

  test('stray blanks in promptJson are trimmed in params, kept in promptJson, and told as an issue', () => {
    const callback = parse(fixtures.strayBlanks)
    expect(callback.params).toEqual({
      callBackUrl: 'https://b7af305f36d6.ngrok-free.app/api/v1/modify/test',
      prompt: 'A futuristic cityscape at night',
      videoUrl: 'https://tempfile.aiquickdraw.com/kieai/file/veo3-video/1755074605154fqb0m8ge.mp4',
      waterMark: '',
    })
    expect(callback.promptJson).toContain('" callBackUrl "')
    expect(callback.outcome).toBe('success')
    expect(paths(callback)).toEqual(['data.promptJson'])
  })

  test('what surrounded the request is kept beside the text', () => {
    const source = { raw: fixtures.success, query: { order: '17' }, receivedAt }
    expect(parseCallback(source)).toMatchObject(source)
    expect(parseCallback({ ...source, key: 'my key' }).key).toBe('my key')
  })

  test('unknown fields do no harm', () => {
    const callback = withFields({ requestId: 1, constructor: { prototype: {} } }, { credits: [1], toString: null })
    expect(callback).toMatchObject({ outcome: 'success', issues: [] })
  })
})

describe('the task id', () => {
  test.each([
    ['data.taskId alone', { taskId: 'a' }],
    ['data.task_id alone', { task_id: 'a' }],
    ['data.task_id beside a null', { taskId: null, task_id: 'a' }],
    ['both, the same', { taskId: 'a', task_id: 'a' }],
  ])('is taken from %s', (_, data) => {
    expect(parse(JSON.stringify({ code: 500, data })).taskId).toBe('a')
  })

  test.each([
    ['two that differ', { taskId: 'a', task_id: 'b' }],
    ['two, one of them empty', { taskId: '', task_id: 'b' }],
    ['none', {}],
    ['null', { taskId: null }],
    ['a number', { taskId: 7 }],
    ['a boolean', { taskId: true }],
    ['an object', { taskId: { toString: 'a' } }],
    ['a list', { taskId: ['a'] }],
    ['an empty text', { taskId: '' }],
    ['257 bytes', { taskId: 'a'.repeat(257) }],
    ['129 characters of two bytes', { taskId: 'é'.repeat(129) }],
    ['a megabyte', { taskId: 'a'.repeat(2 ** 20) }],
    ['a NUL', { taskId: 'a\u0000' }],
    ['a line break', { taskId: 'a\r\nb' }],
    ['an escape character', { taskId: '\u001b[31m' }],
    ['DEL', { taskId: 'a\u007f' }],
    ['a C1 control', { taskId: 'a\u009b' }],
    ['a lone high surrogate', { taskId: 'a\ud800' }],
    ['a lone low surrogate', { taskId: '\udfffa' }],
  ])('is refused when it is %s', (_, data) => {
    const error = refusal(JSON.stringify({ code: 200, data: { resultUrls: [URL_1], ...data } }))
    expect(error).toMatchObject({ code: 'ERR_LUMA_INVALID_CALLBACK', reason: 'callback' })
    expect(error.message).toMatch(/^data\.task/)
  })

  test('is refused as a number too large to be exact, rather than rounded', () => {
    expect(refusal('{"code":200,"data":{"taskId":12345678901234567890}}').message).toContain('data.taskId')
  })

  test('is not inherited from a __proto__ in the text', () => {
    expect(refusal('{"code":200,"data":{"__proto__":{"taskId":"x"}}}').message).toBe('data.taskId is missing')
    expect(refusal('{"code":200,"data":{"\\u005f_pr\\u006fto__":{"taskId":"x"}}}').message).toBe(
      'data.taskId is missing',
    )
  })

  test.each(['🎬', 'a.b.c', '../../etc/passwd', 'a\\b', 'CON', ' a ', 'a:success', 'é'.repeat(128), 'a\u200db', '%00'])(
    'is accepted as it stands: %s',
    (taskId) => {
      expect(withFields({}, { taskId })).toMatchObject({ taskId, key: `${taskId}:success` })
    },
  )

  test('is kept character for character, whatever well-formed text it is', () => {
    const taskIds = fc.string({ unit: 'binary', minLength: 1, maxLength: 64 }).filter((id) => !/\p{Cc}/u.test(id))
    fc.assert(
      fc.property(taskIds, (taskId) => {
        expect(withFields({}, { taskId }).taskId).toBe(taskId)
      }),
    )
  })
})

describe('the envelope', () => {
  test.each(['null', '[]', '[{}]', '"x"', '1', 'true', '{}', '{"code":200}', '{"code":200,"data":null}'])(
    'is refused as %s',
    (raw) => {
      expect(refusal(raw)).toMatchObject({ reason: 'callback' })
    },
  )

  test.each(['"200"', '200.5', 'null', 'true', '[200]', '{}', '1e400', '-1e400', '9007199254740993'])(
    'is refused with the code %s',
    (code) => {
      expect(refusal(`{"code":${code},"data":{"taskId":"a"}}`).message).toMatch(/^code /)
    },
  )

  test('is refused without a code', () => {
    expect(refusal('{"data":{"taskId":"a"}}').message).toMatch(/^code /)
  })

  test.each([0, -1, 201, 400, 500, 501, -200, 2 ** 31])('with the code %d is a failure of the task', (code) => {
    expect(withFields({ code })).toMatchObject({ outcome: 'failure', reason: 'task_failed', code })
  })

  test.each(['', ' ', '\n', '{', 'nonsense', '{"code":200,}', "{'code':200}", '\u0000', '[1', 'NaN'])(
    'is refused as not JSON: %j',
    (raw) => {
      expect(refusal(raw)).toMatchObject({ reason: 'json' })
    },
  )

  test.each([1_000, 100_000, 500_000])('is refused when it is nested %d deep', (depth) => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nested = `${open.repeat(depth)}1${close.repeat(depth)}`
      expect(refusal(nested).message).toContain('nested deeper')
      expect(refusal(`{"code":200,"data":{"taskId":"a"},"x":${nested}}`).message).toContain('nested deeper')
      expect(refusal(open.repeat(depth)).message).toContain('nested deeper')
    }
  })

  test('is read when brackets stand in texts only', () => {
    expect(withFields({ msg: '[{'.repeat(5_000) })).toMatchObject({ outcome: 'success', issues: [] })
  })

  test('is refused with no more than a character of what a stranger sent in the message', () => {
    for (const raw of ['hunter2', '{"code": hunter2}', '{"a":"hunter2"', '["hunter2" "hunter2"]', 'x\n"hunter2']) {
      expect(refusal(raw).message).not.toContain('hunter2')
    }
  })

  test('whatever text is sent, it is a callback or refused with the one error', () => {
    const bodies = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.jsonValue().map((data) => JSON.stringify({ code: 200, data })),
    )
    fc.assert(
      fc.property(bodies, (raw) => {
        try {
          expect(parse(raw).raw).toBe(raw)
        } catch (error) {
          expect([InvalidCallbackError, OtherFamilyError]).toContain((error as Error).constructor)
        }
      }),
    )
  })
})
