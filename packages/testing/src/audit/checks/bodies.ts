import { refuses, survives, type Check } from '../check.ts'
import { newTask, type Endpoint } from '../endpoint.ts'
import { sampleBody } from '../../samples.ts'
import { cutIsLike, type Answer } from '../exchange.ts'

/** Bodies that are no callback. */

const MB = 1024 * 1024
const DEEP = 20_000
const NOT_A_RESULT = 'a 200 says that a result was received, and here is none'

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
      expects: 'refuses what is not JSON: 400',
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
      because: 'a proxy that cut it off passes it on like this; the whole one comes when it is refused',
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
      expects: 'refuses JSON that is no object: 400',
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
      because: 'whose result it is cannot be told, and a 200 would be the last that is heard of it',
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
      expects: 'refuses a task id that is no text: 400',
      because: 'large numbers lose digits when they are read: two tasks become one',
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
      expects: 'refuses a callback whose code is missing or no integer: 400',
      because: 'whether the task succeeded cannot be told; taken for a failure, a paid result is thrown away',
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
      because: 'one is signed and the other handled: a signature for any task would do for every task',
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
      because: 'replaced by a placeholder, two task ids become one; a text other than the one sent is handled',
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
      because: 'parsing survives it where logging, copying or storing it overflows the stack',
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
      because: 'whoever knows the address can fill your memory; a callback has a few kB',
      with: [400, 413],
    },
    (endpoint) => cutIsLike(413, endpoint.send({}, { body: endless(16 * MB), length: 16 * MB })),
  ),
  refuses(
    {
      id: 'oversized-chunked',
      level: 'MUST',
      expects: 'refuses a body of 16 MB that declares no length: 413, or the connection closed',
      because: 'a limit on the declared length alone is none',
      with: [400, 411, 413],
    },
    (endpoint) => cutIsLike(413, endpoint.send({}, { body: endless(16 * MB), length: 'chunked' })),
  ),
  refuses(
    {
      id: 'oversized-unread',
      level: 'SHOULD',
      expects: 'refuses a declared length of 1 GB within 2 s, without waiting for the body',
      because: 'what will be refused anyway should hold no connection and no memory',
      with: [400, 413],
    },
    (endpoint) => endpoint.send({}, { body: '{', length: 1024 * MB, timeout: 2_000 }),
  ),
  survives(
    {
      id: 'prototype',
      level: 'MUST',
      expects: 'is not harmed by names such as __proto__ and constructor',
      because: 'in some languages copying them changes every object of the process',
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

/** The success with these bytes in its message. */
function withBytes(endpoint: Endpoint, bytes: readonly number[]): Promise<Answer> {
  const { taskId } = newTask()
  const [before = '', after = ''] = sampleBody({ taskId, msg: '#' }).split('#')
  return endpoint.send(
    { taskId },
    { body: Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]) },
  )
}

/** The success with this value beside its other fields. */
function nested(endpoint: Endpoint, value: string): Promise<Answer> {
  const { taskId } = newTask()
  return endpoint.send({ taskId, body: sampleBody({ taskId }).replace('{', `{"extra":${value},`) })
}

/** JSON that is well-formed as far as it goes, and goes on for so many bytes. */
async function* endless(bytes: number): AsyncGenerator<string> {
  const start = '{"code":200,"msg":"'
  yield start
  const chunk = 'a'.repeat(64 * 1024)
  for (let sent = start.length; sent < bytes; sent += chunk.length) yield chunk.slice(0, bytes - sent)
}
