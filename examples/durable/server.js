// A receiver as it is deployed. From the environment it takes
//   LUMA_WEBHOOK_KEY  the account's webhook key; without it, callbacks are not verified
//   LUMA_INBOX        the file that keeps callbacks until their hook is done (luma.db)
//   LUMA_VIDEOS       the directory that results are saved into (videos)
//   LUMA_TRIAL        set to 1 for a trial with the simulator, whose results are on this machine and on http
//   NOTIFY_URL        the part of your own system that is told of each result; without it, results are only logged
//   PORT              (3000)
import { once } from 'node:events'
import { describeEvent, lumaCallback } from '@luma-callback/express'
import { saveResults } from '@luma-callback/download'
import { sqliteInbox } from '@luma-callback/sqlite'
import express from 'express'
import { pino } from 'pino'

const { LUMA_WEBHOOK_KEY: secret, LUMA_INBOX, LUMA_VIDEOS, LUMA_TRIAL, NOTIFY_URL, PORT } = process.env
const port = Number(PORT || 3000)
const logger = pino()
const videos = { to: LUMA_VIDEOS || 'videos', allowHttp: LUMA_TRIAL === '1', allowPrivate: LUMA_TRIAL === '1' }

/** @type {Record<import('@luma-callback/express').LumaEvent['type'], import('pino').Level>} */
const levels = {
  received: 'info',
  delivered: 'info',
  duplicate: 'info',
  recovered: 'warn',
  restored: 'info',
  rejected: 'warn',
  conflict: 'warn',
  forged: 'warn',
  retrying: 'warn',
  dead: 'error',
  error: 'error',
}

const luma = lumaCallback({
  async onSuccess(callback, context) {
    const { taskId, resultUrls } = callback
    logger.info({ taskId, resultUrls }, `task ${taskId} succeeded`)
    // Before anybody is told of them: the URLs expire. What was saved in an earlier run of this hook is left as it is.
    const saved = await saveResults(callback, { ...videos, signal: context.signal })
    const files = saved.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }))
    for (const { name, sha256 } of saved) logger.info({ taskId, files }, `saved ${name}, sha256 ${sha256}`)
    await notify({ taskId, outcome: 'success', files }, context)
  },
  async onFailure({ taskId, code, msg }, context) {
    logger.info({ taskId, code, reason: msg }, `task ${taskId} failed`)
    await notify({ taskId, outcome: 'failure', code, msg }, context)
  },
  inbox: sqliteInbox(LUMA_INBOX || 'luma.db'),
  observe: (event) => logger[levels[event.type]]({ event: event.type }, describeEvent(event)),
  ...(secret && { secret }),
})

/**
 * Tells your own system. What is thrown here is tried again, and a crash may make it run twice: `key` is the
 * same each time, so that the other side can tell.
 * @param {object} result
 * @param {import('@luma-callback/express').HookContext} context
 */
async function notify(result, { key, signal }) {
  if (!NOTIFY_URL) return
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ key, ...result })
  const response = await fetch(NOTIFY_URL, { method: 'POST', headers, body, signal })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`NOTIFY_URL answered ${response.status}`)
}

const app = express()
app.use(luma)

try {
  // What a crash left behind is taken up first; an inbox that cannot be used shows here, not at the first callback.
  await luma.start()
  const server = app.listen(port)
  await once(server, 'listening')
  const address = server.address()
  const actual = typeof address === 'object' && address ? address.port : port
  logger.info(`listening on http://localhost:${actual}/luma-modify-callback`)
  stopOnSignal(server)
} catch (error) {
  logger.fatal(describeEvent({ type: 'error', error: /** @type {Error} */ (error) }))
  // Hooks may be running already: they end in order, instead of counting as crashed.
  await luma.close()
  process.exitCode = 1
}

/** @param {import('node:http').Server} server */
function stopOnSignal(server) {
  let stoppedAt = 0
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      // npm hands on a Ctrl-C that we had from the terminal already: so soon, a second one is the same.
      if (stoppedAt > 0 && Date.now() - stoppedAt > 500) process.exit(1)
      if (stoppedAt > 0) return
      stoppedAt = Date.now()
      logger.info(`${signal}: running hooks may end, a second signal ends at once`)
      server.close()
      void luma.close()
    })
  }
}
