import { describe, expect, test } from 'vitest'
import { FORMS, frameworks, type Before } from '../helpers/frameworks.ts'
import { post } from '../helpers/requests.ts'
import { fixtures, signedHeaders, successOf, TASK_ID } from '../helpers/signed.ts'

const parsers: Before[] = ['nothing', 'json', 'text', 'raw', 'rawBody']

describe.each(frameworks)('$name', ({ start }) => {
  test.each(parsers)('takes the body as it is left by: %s', async (before) => {
    const prompts: unknown[] = []
    const { url } = await start({ onSuccess: ({ msg, params }) => prompts.push(msg, params?.prompt) }, { before })
    const { taskId, body } = successOf()
    const spoken = body.replace('successfully', 'süß 🎬')
    await post(url, FORMS.bare, spoken, signedHeaders(taskId)).expect(200, { status: 'received' })
    expect(prompts).toEqual(['Modify record generated süß 🎬.', expect.stringContaining('A futuristic cityscape')])
  })

  test.each(parsers)('knows a duplicate whatever parsed it: %s', async (before) => {
    const { url } = await start({}, { before })
    const { taskId, body } = successOf()
    await post(url, FORMS.bare, body, signedHeaders(taskId))
    await post(url, FORMS.bare, body, signedHeaders(taskId)).expect(200, { status: 'duplicate' })
  })

  test('says so when a parser ran before it and left no body', async () => {
    const { url } = await start({}, { before: 'consumed' })
    const reply = await post(url, FORMS.bare, fixtures.success, signedHeaders()).expect(400)
    expect(reply.body).toMatchObject({
      error: 'invalid_json',
      message: expect.stringContaining('a parser ran before'),
    })
  })

  test('takes a byte order mark for what it is', async () => {
    const { url } = await start({})
    const { taskId, body } = successOf()
    await post(url, FORMS.bare, `\uFEFF${body}`, signedHeaders(taskId)).expect(200)
  })

  test.each([
    ['is empty', ''],
    ['is not JSON', '{"code": 200,'],
    ['is not UTF-8', Buffer.from(fixtures.success.replace('Modify', 'Modif\u00ff'), 'latin1')],
    ['is UTF-16', Buffer.from(fixtures.success, 'utf16le')],
    ['is nested 1 000 deep', `${'['.repeat(1000)}${']'.repeat(1000)}`],
    ['is nested 100 000 deep', `${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}`],
    ['is nested without end', '['.repeat(100_000)],
  ])('refuses a body that %s', async (_what, body) => {
    const { url } = await start({})
    const reply = await post(url, FORMS.bare, body, signedHeaders()).expect(400)
    expect(reply.body).toMatchObject({ status: 'rejected', error: 'invalid_json' })
  })

  test.each([
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['a number', '1'],
    ['an object of another shape', '{"code":200}'],
    ['one whose data has a prototype of its own', `{"code":200,"data":{"__proto__":{"taskId":"${TASK_ID}"}}}`],
    ['one whose ids differ', `{"code":200,"data":{"taskId":"${TASK_ID}","task_id":"other"}}`],
  ])('refuses %s as no callback', async (_what, body) => {
    const { url } = await start({})
    const reply = await post(url, FORMS.bare, body, signedHeaders()).expect(400)
    expect(reply.body).toMatchObject({ status: 'rejected', error: 'invalid_callback' })
  })

  test('verifies and hands over the same of two task ids that one body holds', async () => {
    const ids: string[] = []
    const { url } = await start({ onSuccess: ({ taskId }) => ids.push(taskId) })
    const body = fixtures.success.replace('"taskId"', '"taskId": "first", "taskId"')
    await post(url, FORMS.bare, body, signedHeaders('first')).expect(401)
    await post(url, FORMS.bare, body, signedHeaders(TASK_ID)).expect(200)
    expect(ids).toEqual([TASK_ID])
  })
})
