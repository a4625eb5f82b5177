// A signature is checked over the task id before the body is parsed, and the id that is handed over is that one.
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { findTaskId } from '../../packages/core/src/callback/find-task-id.ts'
import { startReceiver, verdict, verdictOf } from '../helpers/receiver.ts'

const VIDEO = 'https://files.example/1.mp4'

/** An object as it is written: names may come twice. */
type Tree = string | number | null | readonly Tree[] | { readonly fields: readonly (readonly [string, Tree])[] }

interface Spelling {
  /** Between two parts. */
  blank: string
  /** Which characters of a text are written as escapes. */
  isEscaped: (index: number) => boolean
}

function written(tree: Tree, spelling: Spelling): string {
  const { blank, isEscaped } = spelling
  if (typeof tree === 'string')
    return `"${tree.replaceAll(/./g, (one, at: number) => (isEscaped(at) ? escaped(one) : one))}"`
  if (tree === null || typeof tree === 'number') return String(tree)
  if ('fields' in tree) {
    const fields = tree.fields.map(([name, value]) =>
      [written(name, spelling), ':', written(value, spelling)].join(blank),
    )
    return `{${blank}${fields.join(`${blank},${blank}`)}${blank}}`
  }
  return `[${blank}${tree.map((item) => written(item, spelling)).join(`,${blank}`)}${blank}]`
}

function escaped(character: string): string {
  const digits = character.charCodeAt(0).toString(16).padStart(4, '0')
  return String.raw`\u${character < 'k' ? digits.toUpperCase() : digits}`
}

const { tree } = fc.letrec<{ tree: Tree; object: Tree }>((tie) => ({
  object: fc
    .array(
      fc.tuple(fc.constantFrom('data', 'taskId', 'task_id', '__proto__', 'data ', 'taskID', 'x', ''), tie('tree')),
      { maxLength: 5 },
    )
    .map((fields) => ({ fields })),
  tree: fc.oneof(
    { depthSize: 'medium', maxDepth: 4 },
    fc.constantFrom('a', 'b', '', 'a:b', '{', ']', 'data', 'taskId', null, 0),
    { weight: 4, arbitrary: tie('object') },
    fc.array(tie('tree'), { maxLength: 3 }),
  ),
}))

const spelling = fc.record({
  blank: fc.constantFrom('', ' ', '\n\t', '\r\n  '),
  isEscaped: fc.nat(7).map((every) => (index: number) => every > 0 && index % every === 0),
})

/** A quote and a backslash in a text would need escapes of their own; these are put in by hand below. */
const texts = fc.tuple(tree, spelling).map(([one, how]) => written(one, how))

function ownField(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
}

/** The same by JSON.parse. */
function parsedId(text: string): string | undefined {
  const body: unknown = JSON.parse(text)
  const data = ownField(body, 'data')
  const id = [ownField(data, 'taskId'), ownField(data, 'task_id'), ownField(body, 'taskId')].find((one) => one != null)
  return typeof id === 'string' ? id : undefined
}

describe('the task id', () => {
  test('is found without parsing as JSON.parse finds it, however names are repeated, nested and spelled', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(findTaskId(text), text).toBe(parsedId(text))
      }),
      { numRuns: 3_000 },
    )
  })

  test.each([
    [String.raw`{"data":{"taskId":"a\"},\\"}}`],
    [String.raw`{"x":"\\","data":{"taskId":"a"}}`],
    [String.raw`{"x":"\"","data":{"taskId":"\ud83e\udd8a\n"}}`],
    [String.raw`{"x":"\"data\":{\"taskId\":\"b\"}","data":{"taskId":"a"}}`],
    ['{"data":{"x":{"taskId":"b"},"taskId":"a","y":[{"taskId":"c"}]}}'],
    ['{"data":{"taskId":"b"},"data":{"taskId":"a"}}'],
    ['{"data":{"taskId":"b"},"data":{}}'],
    ['{"data":{"taskId":"b"},"data":[]}'],
    ['{"data":{"taskId":"b"},"data":null,"taskId":"a"}'],
    ['{"data":{"taskId":null,"task_id":"a"}}'],
    ['{"data":{"taskId":7,"task_id":"a"}}'],
    ['{"data":{"taskId":"a","taskId":null}}'],
    ['{"x":{"data":{"taskId":"b"}}}'],
    ['[{"data":{"taskId":"b"}}]'],
    ['{"data":[{"taskId":"b"}]}'],
    ['{"__proto__":{"data":{"taskId":"b"}},"data":{"__proto__":{"taskId":"b"}}}'],
    ['"data"'],
    ['{}'],
    [JSON.stringify({ data: { taskId: '\0'.repeat(256) } })],
  ])('is found in %s as JSON.parse finds it', (text) => {
    expect(findTaskId(text)).toBe(parsedId(text))
  })

  test.each(['', '{', '"', '{"', '{"data"', '{"data":', '{"data":{"taskId":"a', String.raw`{"data":{"taskId":"\q"`])(
    'is not found in what is broken off: %s',
    (text) => {
      expect(findTaskId(text)).toBeUndefined()
    },
  )

  test('is found in any text without an error', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void findTaskId(`{"data":{"taskId":${text}`)))
  })
})

/** Bodies that are refused once they are read, each of the task `a`. */
const REFUSED = [
  ['nested 65 deep', `{"code":200,"data":{"taskId":"a"},"x":${'['.repeat(64)}${']'.repeat(64)}}`],
  ['nested 100 000 deep', `{"code":200,"data":{"taskId":"a"},"x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`],
  ['objects nested without end', `{"code":200,"data":{"taskId":"a"},"x":${'{"x":'.repeat(4e4)}`],
  ['broken off', '{"code":200,"data":{"taskId":"a"}'],
  ['with a comma too many', '{"code":200,"data":{"taskId":"a"},}'],
  ['two documents', '{"code":200,"data":{"taskId":"a"}}{}'],
  ['of two ids', '{"code":200,"data":{"taskId":"a","task_id":"b"}}'],
  ['without a code', '{"data":{"taskId":"a"}}'],
  ['with the id beside its data only', '{"code":200,"data":{},"taskId":"a"}'],
] as const

describe('a body with a wrong signature', () => {
  test.each(REFUSED)('is answered 401 before it is read: %s', async (_, body) => {
    const { send } = startReceiver()
    expect(await verdictOf(send({ taskId: 'b', body }))).toBe('401 unverified')
    expect(await verdictOf(send({ taskId: 'a', body }))).toMatch(/^400 invalid_/)
  })

  test('is answered 401 with names that would be dropped, and handled without them under the right one', async () => {
    const onFailure = vi.fn()
    const { send } = startReceiver({ onFailure })
    const body = String.raw`{"code":500,"data":{"taskId":"a","__proto__":{"taskId":"b"}},"\u005f_proto__":{"data":{"taskId":"b"}}}`
    expect(await verdictOf(send({ taskId: 'b', body }))).toBe('401 unverified')
    expect(onFailure).not.toHaveBeenCalled()
    expect(await verdictOf(send({ taskId: 'a', body }))).toBe('200 received')
    expect(onFailure.mock.calls).toMatchObject([[{ taskId: 'a' }, {}]])
  })

  test('is told with the task that it names, unless its id cannot be one', async () => {
    const { send, events } = startReceiver()
    await send({ taskId: 'b', body: '{"code":500,"data":{"taskId":"a"}}' })
    await send({ taskId: 'b', body: String.raw`{"code":500,"data":{"taskId":"a\n"}}` })
    expect(events.map((event) => event.type === 'rejected' && event.taskId)).toEqual(['a', undefined])
  })

  test('asks a function for the secret once, and not for a body that names no task', async () => {
    const secret = vi.fn(() => 'other')
    const { send } = startReceiver({ secret })
    expect(await verdictOf(send({ taskId: 'b', body: '{"code":500,"data":{"taskId":"a"}}' }))).toBe('401 unverified')
    expect(secret).toHaveBeenCalledOnce()
    expect(await verdictOf(send({ taskId: 'b', body: '{"code":500,"data":{}}' }))).toBe('400 invalid_callback')
    expect(secret).toHaveBeenCalledOnce()
  })
})

describe('a body without a usable task id', () => {
  const long = 'x'.repeat(20_000)

  test.each([
    ['not JSON', 'hello', 'invalid_json'],
    ['not JSON, and long', `hello ${long}`, 'invalid_json'],
    ['not JSON to its end', `{"x":"${long}"`, 'invalid_callback'],
    ['nested', `{"x":${'['.repeat(65)}${']'.repeat(65)}}`, 'invalid_json'],
    ['nested, and long', '['.repeat(100_000), 'invalid_json'],
    ['another object', '{"code":200}', 'invalid_callback'],
    ['another object, and long', `{"code":200,"x":"${long}"}`, 'invalid_callback'],
    ['an id that is a number', '{"code":200,"data":{"taskId":7}}', 'invalid_callback'],
    ['an empty id', '{"code":200,"data":{"taskId":""}}', 'invalid_callback'],
    ['an id of two lines', String.raw`{"code":200,"data":{"taskId":"a\n"}}`, 'invalid_callback'],
    ['an id of 20 kB', `{"code":200,"data":{"taskId":"${long}"}}`, 'invalid_callback'],
    ['blank', ' '.repeat(20_000), 'invalid_json'],
  ])('is answered 400: %s', async (_, body, reason) => {
    const answer = await startReceiver().send({ taskId: 'a', body })
    expect(verdict(answer)).toBe(`400 ${reason}`)
    expect(answer.body.length).toBeLessThan(300)
  })
})

test('whatever a body says, no id is handed over but the one that was signed', async () => {
  const handled: string[] = []
  const hook = ({ taskId }: { taskId: string }) => void handled.push(taskId)
  const receiver = startReceiver({ onSuccess: hook, onFailure: hook })
  const fields = fc.array(fc.tuple(fc.constantFrom('data', 'taskId', 'x', 'code'), tree), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(fields, spelling, fc.constantFrom('a', 'b', 'data'), async (more, how, taskId) => {
      const data: Tree = { fields: [['taskId', 'a']] }
      const body = written({ fields: [['code', 500], ['data', data], ...more] }, how)
      const { status } = await receiver.send({ taskId, body })
      const id = parsedId(body)
      // An empty id is none, so there is nothing to verify.
      if (id && id !== taskId) expect(status).toBe(401)
      else expect(status).not.toBe(401)
      for (const one of handled.splice(0)) expect(one).toBe(taskId)
    }),
    { numRuns: 500 },
  )
})

test('a success with its names escaped is taken under its signature', async () => {
  const how = { blank: ' ', isEscaped: () => true }
  const data: Tree = {
    fields: [
      ['task_id', 'a'],
      ['resultUrls', [VIDEO]],
    ],
  }
  const body = written(
    {
      fields: [
        ['code', 200],
        ['data', data],
      ],
    },
    how,
  )
  expect(await verdictOf(startReceiver().send({ taskId: 'a', body }))).toBe('200 received')
})
