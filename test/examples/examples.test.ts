import { describe, expect, test } from 'vitest'
import { startChild } from '../helpers/child.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'
import { post } from '../helpers/wire.ts'

describe.each(['express', 'koa'])('examples/%s', (name) => {
  test('receives a callback, prints it, and ends in order when told to', async () => {
    const server = startChild(`examples/${name}/server.js`, [], { PORT: '0', LUMA_WEBHOOK_KEY: SECRET })
    const [, url = ''] = await server.says(/listening on (\S+)/)
    const { taskId, body } = successOf()
    expect(await post(url, body, signedHeaders(taskId))).toMatchObject({ status: 200, body: { status: 'received' } })
    await server.says(new RegExp(`task ${taskId} succeeded: https://`))
    expect(await post(url, body)).toMatchObject({ status: 401 })
    server.process.kill('SIGTERM')
    expect(await server.ended).toBe(0)
  })

  test('warns that callbacks are not verified when it has no key', async () => {
    const server = startChild(`examples/${name}/server.js`, [], { PORT: '0', LUMA_WEBHOOK_KEY: '' })
    await server.says(/callbacks are not verified/)
  })
})
