import { refuses, survives, type Check } from '../check.ts'
import { newTask, type Endpoint } from '../endpoint.ts'
import { sampleBody } from '../../samples.ts'
import { cutIsLike, type Answer } from '../exchange.ts'

/** Bodies that are not a callback. */

const MB = 1024 * 1024
const DEEP = 20_000
const NOT_A_RESULT = 'a 200 confirms a result, but there is none'

export const bodyChecks: readonly Check[] = [
  refuses(
    {
      id: 'empty',
      level: 'MUST',
      expects: 'refuses an empty body: 400',
      because: NOT_A_RESULT,
      with: [400, 411, 415, 422],
    },
    (endpoint) => endpoint.send({ body: '' }),
  ),
  refuses(
    {
      id: 'malformed',
      level: 'MUST',
      expects: 'refuses a body that is not JSON: 400',
      because: NOT_A_RESULT,
      with: [400, 422],
    },
    {
      text: (endpoint) => endpoint.send({ body: 'hello' }),
      'a form': (endpoint) => endpoint.send({ body: 'code=200&taskId=1' }),
      'single quotes': (endpoint) => endpoint.send({ body: sampleBody().replaceAll('"', "'") }),
      'two documents': (endpoint) => {
        const { taskId } = newTask()
        return endpoint.send({ taskId, body: sampleBody({ taskId }).repeat(2) })
      },
    },
  ),
  refuses(
    {
      id: 'truncated',
      level: 'MUST',
      expects: 'refuses a body that stops half-way: 400',
      because: 'a proxy may pass on a body that broke off; after a refusal the provider sends the whole one',
      with: [400, 422],
    },
    (endpoint) => {
      const { taskId } = newTask()
      const body = sampleBody({ taskId })
      return endpoint.send({ taskId, body: body.slice(0, -20) })
    },
  ),
  refuses(
    {
      id: 'not-an-object',
      level: 'MUST',
      expects: 'refuses JSON that is not an object: 400',
      because: NOT_A_RESULT,
      with: [400, 422],
    },
    Object.fromEntries(['null', '[]', '"text"', '1', 'true', '[{"code":200}]'].map((body) => [body, withBody(body)])),
  ),
  refuses(
    {
      id: 'no-task-id',
      level: 'MUST',
      expects: 'refuses a callback without a task id: 400',
      because: 'the result cannot be assigned to a task, and after a 200 it is not sent again',
      with: [400, 422],
    },
    {
      'no data': withBody('{"code":200,"msg":"success"}'),
      'data is null': withBody('{"code":200,"msg":"success","data":null}'),
      'data is text': withBody('{"code":200,"msg":"success","data":"a"}'),
      'no id': withBody('{"code":500,"msg":"failed","data":{}}'),
      'an empty id': withBody('{"code":500,"msg":"failed","data":{"taskId":""}}'),
    },
  ),
  refuses(
    {
      id: 'task-id-type',
      level: 'MUST',
      expects: 'refuses a task id that is not a string: 400',
      because: 'large numbers lose digits in parsing, so two tasks become one',
      with: [400, 422],
    },
    Object.fromEntries(
      ['12345678901234567890', '0', 'true', '{"a":1}', '["a"]'].map((id) => [
        id,
        withBody(`{"code":500,"msg":"failed","data":{"taskId":${id}}}`),
      ]),
    ),
  ),
  refuses(
    {
      id: 'code-type',
      level: 'SHOULD',
      expects: 'refuses a callback whose code is missing or not an integer: 400',
      because: 'it is unclear if the task succeeded; treated as a failure, a paid result is lost',
      with: [400, 422],
    },
    Object.fromEntries(
      ['"200"', 'null', '200.5', 'true', '{}'].map((code) => [
        code,
        (endpoint: Endpoint) => {
          const { taskId } = newTask()
          return endpoint.send({ taskId, body: sampleBody({ taskId }).replace('"code":200', `"code":${code}`) })
        },
      ]),
    ),
  ),
  refuses(
    {
      id: 'two-task-ids',
      level: 'MUST',
      expects: 'refuses a callback whose data.taskId and data.task_id differ: 400',
      because: 'if one is verified and the other is handled, a signature for any task works for every task',
      with: [400, 401, 422],
    },
    (endpoint) => {
      const [signed, other] = [newTask().taskId, newTask().taskId]
      const body = sampleBody({ taskId: other }).replace('"data":{', `"data":{"task_id":"${signed}",`)
      return endpoint.send({ taskId: signed, body })
    },
  ),
  refuses(
    {
      id: 'not-utf-8',
      level: 'MUST',
      expects: 'refuses bytes that are not UTF-8: 400',
      because: 'with replacement characters two task ids become one, and the text differs from the one sent',
      with: [400, 415, 422],
    },
    {
      'a stray byte': (endpoint) => withBytes(endpoint, [0xff]),
      'half a character': (endpoint) => withBytes(endpoint, [0xc3]),
      'an overlong form': (endpoint) => withBytes(endpoint, [0xc0, 0xaf]),
      'a surrogate': (endpoint) => withBytes(endpoint, [0xed, 0xa0, 0x80]),
    },
  ),
  refuses(
    {
      id: 'nested',
      level: 'MUST',
      expects: `refuses JSON that is nested ${DEEP.toLocaleString('en')} deep: 400`,
      because: 'parsing may succeed, and logging, copying or storing it then overflows the stack',
      with: [400, 413, 422],
    },
    {
      lists: (endpoint) => nested(endpoint, '['.repeat(DEEP) + ']'.repeat(DEEP)),
      objects: (endpoint) => nested(endpoint, `${'{"a":'.repeat(DEEP / 4)}1${'}'.repeat(DEEP / 4)}`),
      'lists that do not end': (endpoint) => nested(endpoint, '['.repeat(DEEP)),
    },
  ),
  refuses(
    {
      id: 'oversized',
      level: 'MUST',
      expects: 'refuses a body of 16 MB: 413, or the connection closed',
      because: 'anyone with the URL could fill your memory; a callback has a few kB',
      with: [400, 413],
    },
    (endpoint) => cutIsLike(413, endpoint.send({}, { body: endless(16 * MB), length: 16 * MB })),
  ),
  refuses(
    {
      id: 'oversized-chunked',
      level: 'MUST',
      expects: 'refuses a body of 16 MB that declares no length: 413, or the connection closed',
      because: 'a limit on the declared length alone is no limit',
      with: [400, 411, 413],
    },
    (endpoint) => cutIsLike(413, endpoint.send({}, { body: endless(16 * MB), length: 'chunked' })),
  ),
  refuses(
    {
      id: 'oversized-unread',
      level: 'SHOULD',
      expects: 'refuses a declared length of 1 GB within 2 s, without waiting for the body',
      because: 'a request that will be refused should not hold a connection or memory',
      with: [400, 413],
    },
    (endpoint) => endpoint.send({}, { body: '{', length: 1024 * MB, timeout: 2_000 }),
  ),
  survives(
    {
      id: 'prototype',
      level: 'MUST',
      expects: 'is not harmed by names such as __proto__ and constructor',
      because: 'in some languages, copying them changes every object of the process',
    },
    (endpoint) => {
      const { taskId } = newTask()
      const evil = '"__proto__":{"polluted":1,"taskId":"b"},"constructor":{"prototype":{"polluted":1}},"toString":1'
      const body = sampleBody({ taskId }).replace('{', `{${evil},`).replace('"data":{', `"data":{${evil},`)
      return endpoint.send({ taskId, body })
    },
  ),
]

function withBody(body: string): (endpoint: Endpoint) => Promise<Answer> {
  return (endpoint) => endpoint.send({ body })
}

/** A success with these bytes in its message. */
function withBytes(endpoint: Endpoint, bytes: readonly number[]): Promise<Answer> {
  const { taskId } = newTask()
  const [before = '', after = ''] = sampleBody({ taskId, msg: '#' }).split('#')
  return endpoint.send(
    { taskId },
    { body: Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]) },
  )
}

/** A success with this value as an extra field. */
function nested(endpoint: Endpoint, value: string): Promise<Answer> {
  const { taskId } = newTask()
  return endpoint.send({ taskId, body: sampleBody({ taskId }).replace('{', `{"extra":${value},`) })
}

/** The beginning of valid JSON, with this number of bytes. */
async function* endless(bytes: number): AsyncGenerator<string> {
  const start = '{"code":200,"msg":"'
  yield start
  const chunk = 'a'.repeat(64 * 1024)
  for (let sent = start.length; sent < bytes; sent += chunk.length) yield chunk.slice(0, bytes - sent)
}
