import { parseCallback, type LumaCallback } from '@luma-callback/core'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { fixtures } from '../helpers/signed.ts'

const URL_1 = 'https://files.example/1.mp4'

function parse(raw: string): LumaCallback {
  return parseCallback({ raw, query: {}, receivedAt: new Date(0) })
}

/** A success in which nothing is odd, with these fields instead. */
function withFields(fields: Record<string, unknown>, data: Record<string, unknown> = {}): LumaCallback {
  const usual = { taskId: 'task-1', promptJson: '{}', resultUrls: [URL_1] }
  return parse(JSON.stringify({ code: 200, msg: 'ok', data: { ...usual, ...data }, ...fields }))
}

function withPrompt(promptJson: unknown): LumaCallback {
  return withFields({}, { promptJson })
}

function paths({ issues }: LumaCallback): string[] {
  return issues.map(({ path }) => path)
}

const prototypeNames = Reflect.ownKeys(Object.prototype)

afterEach(() => {
  expect(Reflect.ownKeys(Object.prototype)).toEqual(prototypeNames)
})

describe('msg', () => {
  test.each([[undefined], [null], [5], [{ a: 1 }], [['x']], [true]])(
    'that is %j becomes empty, with an issue',
    (msg) => {
      const callback = withFields({ msg })
      expect(callback).toMatchObject({ outcome: 'success', msg: '' })
      expect(paths(callback)).toEqual(['msg'])
    },
  )

  test('is kept whole, however long and odd', () => {
    const msg = '\u001b[31m\n'.repeat(100_000)
    expect(withFields({ msg }).msg).toBe(msg)
  })
})

describe('promptJson', () => {
  test.each([[undefined], [null], [5], [{ prompt: 'x' }], [[]]])(
    'that is %j is left out, with an issue',
    (promptJson) => {
      const callback = withPrompt(promptJson)
      expect(callback.outcome).toBe('success')
      expect(callback.promptJson).toBeUndefined()
      expect(callback.params).toBeUndefined()
      expect(paths(callback)).toEqual(['data.promptJson'])
    },
  )

  test.each([
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '7',
    "{'a':1}",
    '['.repeat(100_000),
    `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
  ])('that does not parse to an object is kept as it stands, without params (%#)', (promptJson) => {
    const callback = withPrompt(promptJson)
    expect(callback).toMatchObject({ outcome: 'success', promptJson })
    expect(callback.params).toBeUndefined()
    expect(paths(callback)).toEqual(['data.promptJson'])
  })

  test('of 900 kB is parsed like any other', () => {
    const prompt = 'x'.repeat(900 * 1024)
    expect(withPrompt(JSON.stringify({ prompt })).params).toEqual({ prompt })
  })

  test.each(['__proto__', '\\u005f\\u005fproto__', ' __proto__ ', '__pr\\u006Fto__'])(
    'changes no prototype by a key %s',
    (name) => {
      const callback = withPrompt(`{"${name}":{"polluted":true},"prompt":"x"}`)
      expect(callback.params).toMatchObject({ prompt: 'x' })
      expect(callback.params).not.toHaveProperty('polluted')
      expect(Object.keys(callback.params ?? {})).toEqual(['prompt'])
      expect(Object.assign({}, callback.params)).not.toHaveProperty('polluted')
    },
  )

  test('gives a known param only as a text, and says what was left out', () => {
    const callback = withPrompt('{"prompt":5,"videoUrl":null,"waterMark":"w","seed":7}')
    expect(callback.params).toEqual({ waterMark: 'w', seed: 7 })
    expect(paths(callback)).toEqual(['data.promptJson.prompt', 'data.promptJson.videoUrl'])
  })

  test('without stray blanks in its names keeps the blanks of its values', () => {
    expect(withPrompt('{"prompt":" a "}')).toMatchObject({ params: { prompt: ' a ' }, issues: [] })
  })
})

describe('resultUrls', () => {
  test.each([[undefined], [null], [URL_1], [{}], [5], [[]], [[null]], [['ftp://files.example/1.mp4']]])(
    'that hold no usable URL (%j) make a failure without a result, with an issue',
    (resultUrls) => {
      const callback = withFields({}, { resultUrls })
      expect(callback).toMatchObject({ outcome: 'failure', reason: 'no_result', code: 200, key: 'task-1:failure' })
      expect(callback).not.toHaveProperty('resultUrls')
      expect(paths(callback)[0]).toMatch(/^data\.resultUrls/)
    },
  )

  test.each([
    'javascript:alert(1)',
    'ftp://files.example/1.mp4',
    'file:///etc/passwd',
    'data:video/mp4;base64,AAAA',
    '//files.example/1.mp4',
    'files.example/1.mp4',
    'https:files.example',
    'https://',
    'http://[::1',
    'https://files.example/\r\nx: y',
    'https://files.example/\u0000',
    '',
    null,
    7,
    [['https://files.example/1.mp4']],
    { href: 'https://files.example/1.mp4' },
  ])('leave out %j and keep the good one beside it, with an issue that says which', (bad) => {
    const callback = withFields({}, { resultUrls: [URL_1, bad] })
    expect(callback).toMatchObject({ outcome: 'success', resultUrls: [URL_1] })
    expect(paths(callback)).toEqual(['data.resultUrls[1]'])
  })

  test.each(['HTTPS://files.example/1.mp4', 'http://10.0.0.1:8080/a?b=c#d', 'https://files.example/ü 🎬.mp4'])(
    'keep %s as it was sent',
    (url) => {
      expect(withFields({}, { resultUrls: [url] })).toMatchObject({ resultUrls: [url], issues: [] })
    },
  )

  test('are trimmed of stray blanks', () => {
    expect(withFields({}, { resultUrls: [` ${URL_1} `] })).toMatchObject({ resultUrls: [URL_1] })
  })

  test('of a hundred thousand odd entries make twenty issues, the last of which says that there are more', () => {
    const { issues, outcome } = withFields({}, { resultUrls: [...Array.from({ length: 100_000 }, () => 0), URL_1] })
    expect(outcome).toBe('success')
    expect(issues).toHaveLength(20)
    expect(issues.at(-1)?.message).toContain('more issues')
  })

  test('that come with a failure are left out, with an issue', () => {
    const callback = withFields({ code: 500 })
    expect(callback).toMatchObject({ outcome: 'failure', reason: 'task_failed' })
    expect(callback).not.toHaveProperty('resultUrls')
    expect(paths(callback)).toEqual(['data.resultUrls'])
  })
})

test('no optional field, whatever it holds, makes a result refused', () => {
  const anything = fc.option(fc.jsonValue({ maxDepth: 5 }), { nil: undefined })
  const prompts = fc.oneof(anything, fc.json(), fc.string({ unit: 'binary' }))
  const urls = fc.oneof(anything, fc.array(fc.oneof(fc.webUrl(), fc.string(), fc.jsonValue())))
  fc.assert(
    fc.property(anything, prompts, urls, (msg, promptJson, resultUrls) => {
      const callback = withFields({ msg }, { promptJson, resultUrls })
      expect(callback.taskId).toBe('task-1')
      expect(callback.issues.length).toBeLessThanOrEqual(20)
      for (const url of callback.outcome === 'success' ? callback.resultUrls : []) expect(url).toMatch(/^https?:\/\//i)
    }),
  )
})

describe('the digest', () => {
  test('is blind to white space between the fields', () => {
    const content: unknown = JSON.parse(fixtures.success)
    const { digest } = parse(fixtures.success)
    for (const indent of [0, 1, 4, '\t']) expect(parse(JSON.stringify(content, null, indent)).digest).toBe(digest)
    expect(parse(`\n ${fixtures.success} \n`).digest).toBe(digest)
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
  })

  test('tells every other content apart, down to a field that nothing reads', () => {
    const contents = fc.uniqueArray(fc.jsonValue({ maxDepth: 3 }), {
      minLength: 2,
      maxLength: 10,
      selector: (value) => JSON.stringify(value),
    })
    fc.assert(
      fc.property(contents, (extras) => {
        const digests = extras.map((extra) => withFields({ extra }).digest)
        expect(new Set(digests).size).toBe(extras.length)
      }),
    )
  })
})
