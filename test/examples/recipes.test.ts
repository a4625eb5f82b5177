// The recipes of packages/core/docs, as they stand there.
import { once } from 'node:events'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createHandler, withSpool, type DurableInbox, type LumaHandler } from '@luma-callback/core'
import { lumaCallback } from '@luma-callback/express'
import { signedRequest } from '@luma-callback/testing'
import express, { type Express } from 'express'
import { inject } from 'light-my-request'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { FAMILY_BODIES } from '../helpers/families.ts'
import { callbackOf, openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { successOf, signedHeaders, SECRET } from '../helpers/signed.ts'

async function listen(app: Express): Promise<string> {
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('many tenants: each is verified by a key of its own, one that nobody knows is refused', async () => {
  const keys: Record<string, string> = { ann: 'whk_ann', ben: 'whk_ben' }
  const taskIds: string[] = []
  const app = express()
  const luma = lumaCallback({
    onSuccess: ({ taskId }) => taskIds.push(taskId),
    secret: async ({ params }) => keys[params?.['tenant'] ?? ''],
    observe: () => {},
  })
  app.post('/luma/:tenant', luma)
  const url = await listen(app)
  const statusOf = async (tenant: string, secret: string, taskId: string) =>
    (await fetch(`${url}/luma/${tenant}`, signedRequest({ secret, taskId }))).status
  expect(await statusOf('ann', 'whk_ann', 'of-ann')).toBe(200)
  expect(await statusOf('ben', 'whk_ben', 'of-ben')).toBe(200)
  expect(await statusOf('ben', 'whk_ann', 'forged')).toBe(401)
  expect(await statusOf('eve', 'whk_ann', 'unknown')).toBe(401)
  expect(taskIds).toEqual(['of-ann', 'of-ben'])
})

test('behind express.json() that keeps the bytes, raw is what was sent', async () => {
  const raws: string[] = []
  const app = express()
  app.use(express.json({ verify: (request, _response, bytes) => void Object.assign(request, { rawBody: bytes }) }))
  app.use(lumaCallback(({ raw }) => raws.push(raw), { secret: SECRET }))
  const { taskId, body } = successOf()
  const spacious = body.replace('{', '{   ')
  const request = { method: 'POST', headers: signedHeaders(taskId), body: spacious }
  expect((await fetch(`${await listen(app)}/luma-modify-callback`, request)).status).toBe(200)
  expect(raws).toEqual([spacious])
})

test('a hook is tested without a server', async () => {
  const sold: string[] = []
  const shop = express().use(
    lumaCallback({ onSuccess: ({ taskId }) => sold.push(taskId), secret: 'whk_test', observe: () => {} }),
  )
  const { headers, body } = signedRequest({ secret: 'whk_test', taskId: 'task-1' })
  const { statusCode } = await inject(shop, { method: 'POST', url: '/luma-modify-callback', headers, payload: body })
  expect(statusCode).toBe(200)
  expect(sold).toEqual(['task-1'])

  const luma = createHandler({ onSuccess: ({ taskId }) => sold.push(taskId), secret: 'whk_test' })
  const request = signedRequest({ secret: 'whk_test', taskId: 'task-2' })
  expect((await luma.handle({ ...request, url: '/' })).status).toBe(200)
  expect(sold).toEqual(['task-1', 'task-2'])
})

test('an error is told by its code, by the very function of the page', async () => {
  const folder = temporaryFolder()
  symlinkSync(join(ROOT, 'test/node_modules'), join(folder, 'node_modules'))
  const blocks = readFileSync(join(ROOT, 'packages/core/docs/errors.md'), 'utf8').match(/^```ts\n[\s\S]*?^```$/gm) ?? []
  const block = blocks.find((text) => text.includes('function describeBody')) ?? ''
  const file = join(folder, 'describe-body.mts')
  writeFileSync(file, `${block.replaceAll(/^```.*$/gm, '')}\nexport { describeBody }\n`)
  const other = FAMILY_BODIES.find(({ family }) => family === 'market')
  const { describeBody } = (await import(file)) as { describeBody: (raw: string) => string }
  expect(describeBody(successOf('task-1').body)).toBe('the success of task task-1')
  expect(describeBody(other?.body ?? '')).toBe('a callback of market')
  expect(describeBody('{')).toMatch(/^ERR_LUMA_INVALID_CALLBACK: /)
})

/** As in the recipe: for frameworks of `Request` and `Response`. */
async function answer(luma: LumaHandler, request: Request): Promise<Response> {
  const { status, headers, body } = await luma.handle({
    method: request.method,
    url: request.url,
    headers: Object.fromEntries(request.headers),
    stream: request.body,
  })
  return new Response(body, { status, headers })
}

const ADDRESS = 'http://shop.example/luma-modify-callback?ref=7'

test('a Request is answered with a Response, within the limits of the receiver', async () => {
  const queries: object[] = []
  const luma = createHandler({ onSuccess: ({ query }) => queries.push(query), secret: SECRET, observe: () => {} })
  const request = signedRequest({ secret: SECRET })
  expect(await (await answer(luma, new Request(ADDRESS, request))).json()).toEqual({ status: 'received' })
  expect(await (await answer(luma, new Request(ADDRESS, request))).json()).toEqual({ status: 'duplicate' })
  const large = { ...request, body: 'x'.repeat(1_000_000) }
  expect((await answer(luma, new Request(ADDRESS, large))).status).toBe(413)
  expect((await answer(luma, new Request(ADDRESS))).status).toBe(405)
  expect(queries).toEqual([{ ref: '7' }])
})

test('a function that only records runs no hook; a worker on the same inbox does', async () => {
  const file = join(temporaryFolder(), 'luma.db')
  const inbox = openInbox(file)
  const unexpected = vi.fn()
  const recording = createHandler({
    onSuccess: unexpected,
    secret: SECRET,
    inbox: { ...inbox, start: async () => {} },
  })
  const request = signedRequest({ secret: SECRET, taskId: 'a' })
  expect((await answer(recording, new Request(ADDRESS, request))).status).toBe(200)
  const taskIds: string[] = []
  const worker = createHandler({
    onSuccess: ({ taskId }) => taskIds.push(taskId),
    secret: SECRET,
    inbox: openInbox(file),
  })
  await worker.start()
  await expect.poll(() => taskIds).toEqual(['a'])
  expect(unexpected).not.toHaveBeenCalled()
})

test('moved to another inbox, what waited in the file is run there, and what was done is not run again', async () => {
  const folder = temporaryFolder()
  const before = openInbox(join(folder, 'luma.db'))
  const first = await startInbox(before)
  await before.record(callbackOf('done'))
  await expect.poll(() => first.events.map(({ type }) => type)).toEqual(['delivered'])
  await before.close()

  const old = openInbox(join(folder, 'luma.db'))
  await old.record(callbackOf('waits'))
  const both = withSpool(openInbox(join(folder, 'engine.db')), old)
  const inbox: DurableInbox = {
    ...both,
    record: async (callback) => ((await old.get(callback.key))?.state === 'done' ? 'duplicate' : both.record(callback)),
  }
  const { runs } = await startInbox(inbox)
  await expect.poll(() => runs).toEqual(['waits'])
  expect(await inbox.record(callbackOf('done'))).toBe('duplicate')
  expect(await inbox.record(callbackOf('waits'))).toBe('duplicate')
  expect(await inbox.record(callbackOf('new'))).toBe('recorded')
  await expect.poll(() => runs).toEqual(['waits', 'new'])
  await inbox.close()
})
