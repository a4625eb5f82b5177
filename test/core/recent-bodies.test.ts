import { createHandler, type LumaEvent } from '@luma-callback/core'
import { expect, test } from 'vitest'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'

test('the first content of a conflict is forgotten before memory is: the latest are kept', async () => {
  const firsts: unknown[] = []
  const observe = (event: LumaEvent) => event.type === 'conflict' && firsts.push(event.first?.length)
  const { handle } = createHandler({ onSuccess: () => {}, secret: SECRET, observe })
  const send = ({ taskId, body }: { taskId: string; body: string }) =>
    handle({ method: 'POST', url: '/', headers: signedHeaders(taskId), rawBody: body })
  const large = successOf()
  large.body = large.body.replace('"msg"', `"padding": "${'x'.repeat(200_000)}", "msg"`)
  await send(large)
  await send(successOf(large.taskId))
  for (let other = 0; other < 25; other++) await send(another(large))
  await send(successOf(large.taskId))
  expect(firsts).toEqual([large.body.length, undefined])
})

function another({ taskId, body }: { taskId: string; body: string }): { taskId: string; body: string } {
  const other = crypto.randomUUID()
  return { taskId: other, body: body.replace(taskId, other) }
}
