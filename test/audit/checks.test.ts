// Each check is shown an endpoint that does wrong what it asks, and has to see it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHandler, type LumaAnswer } from '@luma-callback/core'
import { auditChecks, auditEndpoint } from '@luma-callback/testing'
import { describe, expect, test, type TestContext } from 'vitest'
import { listen } from '../helpers/servers.ts'
import { SECRET } from '../helpers/signed.ts'

/** How often each task was handled. */
type Handled = Map<string, number>

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

/** An endpoint with one fault, and the checks that have to see it. */
interface Fault {
  name: string
  seenBy: readonly string[]
  listener: (handled: Handled) => Listener
}

const ids = (text: string) => text.trim().split(/\s+/)
const all = (part: RegExp) => auditChecks.map(({ id }) => id).filter((id) => part.test(id))

const faults: readonly Fault[] = [
  {
    name: 'answers 202',
    seenBy: ids(`
      success failure unknown-code unknown-fields damaged-prompt odd-prompt no-prompt several-results
      no-results task-id-spelling query content-type-spelling layout chunked in-pieces keep-alive
      duplicate duplicates-at-once failure-then-success signature-clock slow-bodies aborted
      hostile-urls many-results
    `),
    listener: () => (_request, response) => respond(response, 202),
  },
  {
    name: 'answers 200 to everything, before it has read it, and handles nothing',
    seenBy: [
      ...ids(`
      method content-type charset compressed-bomb empty malformed truncated not-an-object no-task-id
      task-id-type code-type two-task-ids not-utf-8 nested oversized oversized-chunked
      oversized-unread task-id-control task-id-long task-id-surrogate handled spelling-handled
      signature-before-body forged-not-handled
    `),
      ...all(/^(?:signature-(?!clock|alike)|timestamp-)/),
    ],
    listener: () => (_request, response) => respond(response, 200),
  },
  {
    name: 'answers what is odd with 500',
    seenBy: ids('encoding prototype task-id-path task-id-odd result-types no-results'),
    listener: () => async (request, response) => {
      const isOdd = /__proto__|[\\/']|"resultUrls":[^[]|\[1,null/.test(afterUrls((await buffer(request)).toString()))
      respond(response, isOdd || request.headers['content-encoding'] ? 500 : 200)
    },
  },
  {
    name: 'takes 6 s',
    seenBy: ['quick'],
    listener: () => async (_request, response) => {
      await sleep(6_000)
      respond(response, 200)
    },
  },
  {
    name: 'says 405 and not what it takes',
    seenBy: ['allow'],
    listener: () => (request, response) => respond(response, request.method === 'POST' ? 200 : 405),
  },
  {
    name: 'handles a body as soon as its task id is there',
    seenBy: ['aborted-not-handled', 'truncated-not-handled'],
    listener: (handled) => (request, response) => {
      let text = ''
      request.on('error', () => {})
      request.on('data', (chunk: Buffer) => {
        const before = text
        text += chunk.toString()
        const [, taskId = ''] = /"taskId":"(\w+)"/.exec(text) ?? []
        if (taskId && !before.includes(taskId)) handled.set(taskId, (handled.get(taskId) ?? 0) + 1)
      })
      request.on('end', () => respond(response, 200))
    },
  },
  {
    name: 'handles everything again',
    seenBy: ids(`
      duplicate-handled-once duplicates-at-once-handled-once both-outcomes-handled contradiction-not-handled
    `),
    listener: (handled) => async (request, response) => {
      const [, taskId = ''] = /"taskId":"(\w+)"/.exec((await buffer(request)).toString()) ?? []
      handled.set(taskId, (handled.get(taskId) ?? 0) + 1)
      respond(response, 200)
    },
  },
  {
    name: 'takes one request at a time',
    seenBy: ['slow-bodies'],
    listener: () => {
      let before: Promise<unknown> = Promise.resolve()
      return (request, response) => {
        before = before
          .then(() => buffer(request))
          .then(
            () => respond(response, 200),
            () => {},
          )
      }
    },
  },
  {
    name: 'waits for a body for ever',
    seenBy: ['slow-body'],
    listener: () => async (request, response) => {
      await buffer(request).catch(() => {})
      respond(response, 200)
    },
  },
  {
    name: 'lets clocks differ by a second',
    seenBy: ['signature-clock'],
    listener: () => withReceiver({ tolerance: 1 }, ({ status, body }) => ({ status, body })),
  },
  {
    name: 'says what is wrong with a signature',
    seenBy: ['signature-alike'],
    listener: () =>
      withReceiver({}, ({ status, body }, { headers }) => {
        const reason = headers['x-webhook-signature'] === undefined ? 'none' : 'wrong'
        return { status, body: status === 401 ? `{"error":"${reason}"}` : body }
      }),
  },
  {
    name: 'shows what went wrong inside',
    seenBy: ['no-stack-trace'],
    listener: () => (_request, response) => respond(response, 500, new Error('no').stack),
  },
  {
    name: 'shows its key',
    seenBy: ['no-secret'],
    listener: () => (_request, response) => respond(response, 200, SECRET),
  },
  {
    name: 'repeats what it was sent in a page',
    seenBy: ['no-echo'],
    listener: () => async (request, response) => {
      const body = `<p>${(await buffer(request)).toString()}`
      response.setHeader('content-type', 'text/html').end(body)
    },
  },
  {
    name: 'sends elsewhere',
    seenBy: ['no-redirect', 'success'],
    listener: () => (_request, response) => respond(response.setHeader('location', '/other'), 308),
  },
]

describe.concurrent('an endpoint that', () => {
  test.for(faults)('$name is found out', async ({ listener, seenBy }, { onTestFinished }) => {
    const { url, probe } = await startFaulty(listener, onTestFinished)
    const report = await auditEndpoint({ url, probe, secret: SECRET, only: seenBy, timeout: 280_000 })
    const unseen = report.results.filter(({ verdict }) => verdict !== 'failed')
    expect(unseen.map(({ id, reason }) => `${id} ${reason}`)).toEqual([])
  })

  test('there is a fault for every check', () => {
    const seen = new Set(faults.flatMap(({ seenBy }) => seenBy))
    expect(auditChecks.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([])
  })
})

/** An endpoint with a probe that tells what it handled. */
async function startFaulty(
  listener: Fault['listener'],
  onTestFinished: TestContext['onTestFinished'],
): Promise<{ url: string; probe: string }> {
  const handled: Handled = new Map()
  const receive = listener(handled)
  const { url } = await listen(
    createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
      if (pathname !== '/probe') return receive(request, response)
      return respond(response, 200, `{"handled":${handled.get(searchParams.get('taskId') ?? '') ?? 0}}`)
    }),
    onTestFinished,
  )
  return { url: `${url}/luma`, probe: `${url}/probe` }
}

/** A receiver of ours whose answers are changed on their way. */
function withReceiver(
  options: { tolerance?: number },
  change: (answer: LumaAnswer, request: IncomingMessage) => { status: number; body: string },
): Listener {
  const handler = createHandler({ onSuccess: () => {}, secret: SECRET, observe: () => {}, ...options })
  return async (request, response) => {
    const { method = '', url = '', headers } = request
    const answer = await handler.handle({ method, url, headers, rawBody: await buffer(request) })
    const { status, body } = change(answer, request)
    respond(response, status, body)
  }
}

function respond(response: ServerResponse, status: number, body = '{"status":"received"}'): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}

/** The slashes of result URLs and of the prompt are not odd. */
function afterUrls(body: string): string {
  return body.replaceAll(/https?:\/\/|\/l\/|\\"|\/[\w-]+\.mp4|\/luma-modify-callback/g, '')
}

test('the list of checks is published: an id is never changed or dropped', () => {
  expect(auditChecks.map(({ id, level }) => `${level} ${id}`)).toMatchSnapshot()
  expect(new Set(auditChecks.map(({ id }) => id)).size).toBe(auditChecks.length)
})
