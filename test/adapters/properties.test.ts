import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FORMS, frameworks } from '../helpers/frameworks.ts'
import { post } from '../helpers/requests.ts'
import { fixtures, signedHeaders, successOf, TASK_ID } from '../helpers/signed.ts'
import { head, sendRaw } from '../helpers/wire.ts'

const path = FORMS.bare
const DOCUMENTED = [200, 400, 401, 408, 413, 415, 503]

/** Bytes from noise to nearly a callback. */
const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json().map((text) => Buffer.from(text)),
  fc
    .record({
      code: fc.jsonValue(),
      msg: fc.jsonValue(),
      data: fc.record({ taskId: fc.jsonValue(), resultUrls: fc.jsonValue() }),
    })
    .map((value) => Buffer.from(JSON.stringify(value))),
  fc
    .tuple(fc.nat(fixtures.success.length), fc.string({ unit: 'binary', maxLength: 5 }))
    .map(([at, text]) => Buffer.from(fixtures.success.slice(0, at) + text + fixtures.success.slice(at))),
)

describe.each(frameworks)('$name', ({ start }) => {
  test('answers any bytes as documented, and no hook runs unless the answer is 200', async () => {
    let runs = 0
    const hook = () => runs++
    const { url } = await start({ onSuccess: hook, onFailure: hook })
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const before = runs
        const { status } = await post(url, path, Buffer.from(body), signedHeaders())
        expect(DOCUMENTED).toContain(status)
        if (status !== 200) expect(runs).toBe(before)
      }),
      { numRuns: 60 },
    )
  })

  test('does not care in which pieces a body arrives', async () => {
    const received: string[] = []
    const { port } = await start({ onSuccess: ({ raw }) => received.push(raw) })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 800 }), { maxLength: 6 }), fc.uuid(), async (cuts, id) => {
        const { taskId, body } = successOf(`${id} – ü 🎬`)
        const bytes = Buffer.from(body)
        const edges = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
        const parts = edges.slice(1).map((end, index) => bytes.subarray(edges[index], end))
        const headers = { ...signedHeaders(taskId), 'content-length': String(bytes.length), connection: 'close' }
        expect(await sendRaw(port, head(path, headers), ...parts)).toMatch(/^HTTP\/1\.1 200 /)
        expect(received.pop()).toBe(body)
      }),
      { numRuns: 30 },
    )
  })
})

test('every framework gives the same answer to the same bytes', async () => {
  const apps = await Promise.all(frameworks.map(({ start }) => start({})))
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      const replies = await Promise.all(
        apps.map(({ url }) => post(url, path, Buffer.from(body), signedHeaders(TASK_ID))),
      )
      const [first, ...others] = replies.map(({ status, text }) => ({ status, text }))
      for (const other of others) expect(other).toEqual(first)
    }),
    { numRuns: 60 },
  )
})
