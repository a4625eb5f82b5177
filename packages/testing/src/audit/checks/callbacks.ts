import { Agent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { accepts, type Check } from '../check.ts'
import { Unmet } from '../unmet.ts'
import { newTask, type Endpoint } from '../endpoint.ts'
import type { Answer } from '../exchange.ts'
import { sampleBody } from '../../samples.ts'

/** Callbacks that the provider sends, in all forms that may arrive. Refusing one loses a result. */

const QUICK = 5_000
const DOCUMENTED = 'https://docs.kie.ai/luma-api/generate-luma-modify-video-callbacks'
const RESULT_LOST = 'without a 200 it is sent three more times, and then lost'

export const callbackChecks: readonly Check[] = [
  accepts(
    {
      id: 'success',
      level: 'MUST',
      expects: 'answers 200 to the documented success within 15 s',
      because: `the provider's rule: ${DOCUMENTED}`,
    },
    (endpoint) => endpoint.send(),
  ),
  accepts(
    {
      id: 'failure',
      level: 'MUST',
      expects: 'answers 200 to the documented failure within 15 s',
      because: 'a failure is a result too; it has no resultUrls',
    },
    (endpoint) => endpoint.send({ outcome: 'failure' }),
  ),
  {
    id: 'quick',
    level: 'SHOULD',
    expects: 'answers within 5 s',
    because: 'longer work belongs after the answer: after 15 s the provider counts a failure and sends again',
    async run(endpoint) {
      const { duration } = await endpoint.send()
      if (duration > QUICK) throw new Unmet(`answered after ${(duration / 1000).toFixed(1)} s`)
    },
  },
  accepts(
    {
      id: 'unknown-code',
      level: 'MUST',
      expects: 'accepts any code other than 200 as a failure',
      because: 'the API has more codes than the two that the callback page lists, 501 among them',
    },
    {
      'code 501': (endpoint) => endpoint.send({ outcome: 'failure', code: 501 }),
      'code 422': (endpoint) => endpoint.send({ outcome: 'failure', code: 422, msg: '' }),
      'code -1': (endpoint) => endpoint.send({ outcome: 'failure', code: -1 }),
    },
  ),
  accepts(
    {
      id: 'unknown-fields',
      level: 'MUST',
      expects: 'accepts a callback with undocumented fields',
      because: `APIs add fields over time; ${RESULT_LOST}`,
    },
    (endpoint) => endpoint.send({ extra: { version: 2, trace: { id: 'a', spans: [] } } }),
  ),
  accepts(
    {
      id: 'damaged-prompt',
      level: 'MUST',
      expects: 'accepts a callback whose promptJson is damaged',
      because: `it has been seen with stray blanks; ${RESULT_LOST}`,
    },
    {
      'stray blanks': (endpoint) => endpoint.send({ promptJson: '{ " prompt " : " a fox " , " waterMark " : "" }' }),
      'cut off': (endpoint) => endpoint.send({ promptJson: '{"prompt":"a fo' }),
      empty: (endpoint) => endpoint.send({ promptJson: '' }),
    },
  ),
  accepts(
    {
      id: 'odd-prompt',
      level: 'MUST',
      expects: 'accepts a prompt in any script, with line breaks, and 32 kB long',
      because: 'the prompt comes from your own users, and each callback repeats it',
    },
    {
      'other scripts': (endpoint) => endpoint.send({ prompt: '霓虹灯 🦊 e\u0301 \u202e שלום' }),
      'line breaks': (endpoint) => endpoint.send({ prompt: 'one\r\ntwo\ttabs "quotes" \\ back' }),
      long: (endpoint) => endpoint.send({ prompt: 'long '.repeat(6_500) }),
    },
  ),
  accepts(
    {
      id: 'no-prompt',
      level: 'SHOULD',
      expects: 'accepts a callback without promptJson, or with another type of it',
      because: `a result can be handled without it; ${RESULT_LOST}`,
    },
    {
      'left out': (endpoint) => withData(endpoint, { promptJson: undefined }),
      null: (endpoint) => withData(endpoint, { promptJson: null }),
      'an object': (endpoint) => withData(endpoint, { promptJson: { prompt: 'a fox' } }),
    },
  ),
  accepts(
    {
      id: 'several-results',
      level: 'MUST',
      expects: 'accepts several result URLs',
      because: 'resultUrls is a list',
    },
    (endpoint) => endpoint.send({ resultUrls: endpoint.resultUrls(3) }),
  ),
  accepts(
    {
      id: 'no-results',
      level: 'SHOULD',
      expects: 'accepts a success without result URLs',
      because: 'sending it again does not help; a person must look at it',
    },
    {
      'left out': (endpoint) => withData(endpoint, { resultUrls: undefined }),
      null: (endpoint) => withData(endpoint, { resultUrls: null }),
      empty: (endpoint) => endpoint.send({ resultUrls: [] }),
    },
  ),
  accepts(
    {
      id: 'task-id-spelling',
      level: 'SHOULD',
      expects: 'accepts data.task_id instead of data.taskId',
      because: "the provider's sister APIs and its signature page use this spelling",
    },
    (endpoint) => {
      const { taskId } = newTask()
      const body = sampleBody({ taskId }).replace('"taskId"', '"task_id"')
      return endpoint.send({ taskId, body })
    },
  ),
  accepts(
    {
      id: 'query',
      level: 'MUST',
      expects: 'accepts a callback whose URL has a query',
      because: 'a callBackUrl may carry your own order id',
    },
    (endpoint) => endpoint.send({}, { query: { order: '17', name: 'Zoë 🦊', empty: '' } }),
  ),
  accepts(
    {
      id: 'content-type-spelling',
      level: 'MUST',
      expects: 'accepts application/json with parameters and in capitals',
      because: 'media types ignore case and may have a charset: RFC 9110, section 8.3.1',
    },
    {
      charset: (endpoint) => endpoint.send({}, { headers: { 'content-type': 'application/json; charset=utf-8' } }),
      capitals: (endpoint) => endpoint.send({}, { headers: { 'content-type': 'Application/JSON;charset="UTF-8"' } }),
    },
  ),
  accepts(
    {
      id: 'layout',
      level: 'MUST',
      expects: 'accepts a body with white space around and in it',
      because: 'JSON is the same with it: RFC 8259, section 2',
    },
    (endpoint) => {
      const { taskId } = newTask()
      const body = `\r\n\t ${JSON.stringify(JSON.parse(sampleBody({ taskId })), undefined, 2)}\n`
      return endpoint.send({ taskId, body })
    },
  ),
  accepts(
    {
      id: 'chunked',
      level: 'MUST',
      expects: 'accepts a body without a declared length',
      because: 'a proxy between the provider and you may send it in chunks: RFC 9112, section 7.1',
    },
    (endpoint) => endpoint.send({}, { length: 'chunked' }),
  ),
  accepts(
    {
      id: 'in-pieces',
      level: 'MUST',
      expects: 'accepts a body that arrives in pieces, split in the middle of a character',
      because: 'networks split bodies anywhere, and decoding each piece alone breaks the character',
    },
    (endpoint) => {
      const { taskId } = newTask()
      const bytes = Buffer.from(sampleBody({ taskId, prompt: 'a fox 🦊' }))
      const middle = bytes.indexOf(0xf0) + 2
      const parts = [bytes.subarray(0, 10), bytes.subarray(10, middle), bytes.subarray(middle)]
      return endpoint.send({ taskId }, { body: parts })
    },
  ),
  {
    id: 'keep-alive',
    level: 'MUST',
    expects: 'accepts several callbacks on one connection',
    because: 'clients keep connections open',
    async run(endpoint) {
      const options = { keepAlive: true, maxSockets: 1 }
      const agent = endpoint.isSecure ? new SecureAgent(options) : new Agent(options)
      try {
        for (const which of ['the first', 'the second', 'the third']) {
          const { status } = await endpoint.send({}, { agent })
          if (status !== 200) throw new Unmet(`${which} was answered ${status}`)
        }
      } finally {
        agent.destroy()
      }
    },
  },
]

/** A success with these fields of `data` replaced; undefined ones are left out. */
function withData(endpoint: Endpoint, fields: Readonly<Record<string, unknown>>): Promise<Answer> {
  const { taskId } = newTask()
  const { data, ...rest } = JSON.parse(sampleBody({ taskId })) as { data: object }
  return endpoint.send({ taskId, body: JSON.stringify({ ...rest, data: { ...data, ...fields } }) })
}
