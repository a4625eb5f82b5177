import { callbackOf, type TaskDetails } from '@luma-callback/client'
import { createHandler, type LumaCallback } from '@luma-callback/core'
import { expect, test } from 'vitest'

const DETAILS: TaskDetails = {
  taskId: 't',
  state: 'success',
  successFlag: 1,
  resultUrls: ['https://a.example/x.mp4'],
  promptJson: undefined,
  createdAt: undefined,
  completedAt: undefined,
  errorCode: undefined,
  errorMessage: undefined,
}

const of = (promptJson: string | undefined) => callbackOf({ ...DETAILS, promptJson })

test('the query is read as the receiver reads it: of a repeated name, the first counts', async () => {
  const callBackUrl = 'https://a.example/hook?ref=1&ref=2&__proto__=x#part'
  const received: LumaCallback[] = []
  const handler = createHandler({ onSuccess: (callback) => received.push(callback), verify: () => true })
  const rawBody = JSON.stringify({ code: 200, msg: '', data: { taskId: 't', resultUrls: DETAILS.resultUrls } })
  const headers = { 'content-type': 'application/json' }
  await handler.handle({ method: 'POST', url: '/hook?ref=1&ref=2&__proto__=x', headers, rawBody })
  await handler.close()
  const { query, issues } = of(JSON.stringify({ callBackUrl }))
  expect(query).toEqual({ ref: '1' })
  expect(query).toEqual(received[0]?.query)
  expect(issues).toEqual([])
})

test('a task that was submitted without a callBackUrl has no query, and nothing is odd about that', () => {
  expect(of('{"prompt":"x"}')).toMatchObject({ query: {}, issues: [] })
})

test.each([
  ['absent', undefined],
  ['damaged', '{"callBackUrl": "https://a.example/?ref=1", "prompt": "bro'],
  ['of another type', '{"callBackUrl": 5}'],
  ['of no URL', '{"callBackUrl": "somewhere?ref=1"}'],
])(
  'where the API does not tell the callBackUrl, it is an issue that the query is not known: %s',
  (name, promptJson) => {
    const { query, issues } = of(promptJson)
    expect(query).toEqual({})
    const paths = issues.map(({ path }) => path)
    // Of another type it is left out, and that is told as such.
    expect(paths).toContain(name === 'of another type' ? 'data.promptJson.callBackUrl' : 'query')
  },
)
