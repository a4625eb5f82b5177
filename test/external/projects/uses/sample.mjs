// The signed callback that the other files hand to a receiver.
import { sign } from '@luma-callback/core'

export const secret = 'whk_test_key_1'

export function sampleOf(taskId) {
  const timestamp = Math.floor(Date.now() / 1000)
  const signature = sign({ taskId, timestamp, secret })
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-webhook-timestamp': String(timestamp),
      'x-webhook-signature': signature,
    },
    body: JSON.stringify({
      code: 200,
      msg: 'Video generated successfully.',
      data: { task_id: taskId, promptJson: '{}', resultUrls: ['https://files.example/fox.mp4'] },
    }),
  }
}

/** Sends a callback through a handler with this inbox; resolves once its hook has run. */
export async function throughInbox(createHandler, inbox, taskId) {
  let ran
  const hook = new Promise((resolve) => (ran = resolve))
  const handler = createHandler({ onSuccess: ({ taskId: id }) => ran(id), inbox, secret })
  // However long the store takes to be ready on a busy machine: it is not what is looked at here.
  await handler.start()
  const { method, headers, body } = sampleOf(taskId)
  const { status, body: answer } = await handler.handle({ method, url: '/', headers, rawBody: body })
  if (status !== 200) throw new Error(`answered ${status}: ${answer}`)
  const handled = await hook
  await handler.close()
  if (handled !== taskId) throw new Error(`the hook was given ${handled}`)
}

/** Sends a callback to a server of this machine; resolves once it is answered. */
export async function send(server, taskId) {
  const { port } = server.address()
  const answer = await fetch(`http://127.0.0.1:${port}/luma-modify-callback`, sampleOf(taskId))
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${text}`)
}
