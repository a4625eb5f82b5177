import { setTimeout as sleep } from 'node:timers/promises'
import { createHandler, type DurableInbox, type LumaHandler } from '@luma-callback/core'
import { postgresInbox } from '@luma-callback/postgres'
import pg from 'pg'
import { PATIENCE, untilAtLeast } from '../helpers/patience.ts'
import type { OnFinished, PostgresServer } from '../helpers/postgres.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'
import type { Setup } from './setups.ts'

/** What came of callbacks, each of which the provider sends until it is answered 200, and then once more. */
export interface Outcome {
  /** Callbacks that were answered 200. */
  accepted: number
  /** Answers with 503. */
  refused: number
  /** Callbacks whose hook has ended. */
  hooks: number
  /** Hooks that ended more than once. */
  twice: number
  /** Callbacks that were answered 200 and are with no hook, nor wait for one. */
  lost: number
}

/** Before, while and after there is trouble. */
const AT_LEAST = 20
/** How many of them the provider sends at once. */
const AT_ONCE = 6

let schemas = 0

/** Sends callbacks to two receivers on one set-up, on a server that it has for itself meanwhile. */
export async function runSetup(setup: Setup, server: PostgresServer, onFinished: OnFinished): Promise<Outcome> {
  const schema = `luma_setup_${++schemas}`
  const { connection, trouble } = await setup.make({ server, schema, ask: (text) => ask(server.url, text), onFinished })
  const runs: string[] = []
  const inboxes = [0, 1].map(() => postgresInbox(connection, { schema, lease: 5_000, pollInterval: 50 }))
  const receivers = inboxes.map((inbox) =>
    createHandler({
      async onSuccess({ taskId }) {
        await sleep(5)
        runs.push(taskId)
      },
      inbox,
      secret: SECRET,
      retry: { attempts: 5, minDelay: 10, maxDelay: 40 },
      observe: () => {},
    }),
  )
  const ended = new AbortController()
  onFinished(async () => {
    ended.abort()
    await Promise.all(receivers.map((receiver) => receiver.close({ timeout: 0 })))
  })
  const accepted = new Set<string>()
  let refused = 0

  async function sendAll(prefix: string, count: number): Promise<void> {
    const ids = Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
    const senders = Array.from({ length: AT_ONCE }, async (_, sender) => {
      for (const [index, id] of ids.entries()) if (index % AT_ONCE === sender) await sendUntilTaken(id, index)
    })
    await Promise.all(senders)
  }

  /** The second time to the other receiver. */
  async function sendUntilTaken(id: string, index: number): Promise<void> {
    for (const which of [index, index + 1]) {
      while ((await send(receivers[which % 2] as LumaHandler, id)) !== 200) {
        if (ended.signal.aborted) return
        refused++
        await sleep(PATIENCE.interval)
      }
    }
    accepted.add(id)
  }

  await sendAll('before', AT_LEAST)
  const refusedBefore = refused
  const isOver = new AbortController()
  const over = AbortSignal.any([isOver.signal, ended.signal])
  const sending = (async () => {
    for (let round = 0; !over.aborted; round++) await sendAll(`meanwhile-${round}`, AT_LEAST)
  })()
  await trouble?.(() => untilAtLeast(refusedBefore + 1, () => refused))
  isOver.abort()
  await sending
  await sendAll('after', AT_LEAST)
  // By then what was cut off has run again, if anything does.
  await untilAtLeast(0, async () => -(await leftIn(inboxes[0])))
  const hooks = new Set(runs)
  return {
    accepted: accepted.size,
    refused,
    hooks: hooks.size,
    twice: runs.length - hooks.size,
    lost: [...accepted].filter((id) => !hooks.has(id)).length,
  }
}

async function send(receiver: LumaHandler, id: string): Promise<number> {
  const { taskId, body } = successOf(id)
  const request = { method: 'POST', url: '/luma-modify-callback', rawBody: body, headers: signedHeaders(taskId) }
  return (await receiver.handle(request)).status
}

/** What waits for a hook, or is in one. */
async function leftIn(inbox: DurableInbox | undefined): Promise<number> {
  const { pending, running } = (await inbox?.stats().catch(() => undefined)) ?? { pending: Infinity, running: 0 }
  return pending + running
}

/** On a connection of its own: the server may have been away. */
async function ask(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url, application_name: 'owner' })
  client.on('error', () => {})
  await client.connect()
  try {
    return await client.query(text)
  } finally {
    await client.end()
  }
}
