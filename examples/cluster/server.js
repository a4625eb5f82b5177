// Three receivers behind one port, which share their work through one inbox. One that dies is replaced, and what it ran
// is delivered by the others. From the environment it takes
//   LUMA_INBOX        a URL of Redis or of Postgres (redis://127.0.0.1:6379)
//   LUMA_WEBHOOK_KEY  the account's webhook key; without it, callbacks are not verified
//   PORT              (3000)
import cluster from 'node:cluster'
import { once } from 'node:events'
import { lumaCallback } from '@luma-callback/express'
import express from 'express'

const { LUMA_WEBHOOK_KEY: secret, LUMA_INBOX, PORT } = process.env
const url = LUMA_INBOX || 'redis://127.0.0.1:6379'
const RECEIVERS = 3

if (cluster.isPrimary) runReceivers()
else await receive()

function runReceivers() {
  let isStopping = false
  console.log(`${RECEIVERS} receivers share an inbox: ${url.replace(/\/\/[^@/]*@/, '//…@')}`)
  for (let count = 0; count < RECEIVERS; count++) cluster.fork()
  cluster.on('exit', (receiver, code, signal) => {
    if (isStopping) return
    console.log(`receiver ${receiver.process.pid} ended (${signal ?? code}); another one starts`)
    // Not at once: one that cannot start would be started for ever.
    setTimeout(() => {
      if (!isStopping) cluster.fork()
    }, 1_000)
  })
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => {
      isStopping = true
      for (const receiver of Object.values(cluster.workers ?? {})) receiver?.process.kill('SIGTERM')
    })
  }
}

async function receive() {
  const luma = lumaCallback({
    onSuccess: ({ taskId, resultUrls }) => console.log(`${process.pid}: task ${taskId} succeeded: ${resultUrls[0]}`),
    onFailure: ({ taskId, msg }) => console.log(`${process.pid}: task ${taskId} failed: ${msg}`),
    inbox: await openInbox(),
    ...(secret && { secret }),
  })
  const app = express()
  app.use(luma)
  await luma.start()
  const server = app.listen(Number(PORT || 3000))
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : address
  console.log(`${process.pid}: listening on http://localhost:${port}/luma-modify-callback`)
  // Ctrl-C reaches every process of a terminal; when to end is for the primary to say.
  process.on('SIGINT', () => {})
  process.once('SIGTERM', () => {
    server.close()
    void luma.close().then(() => process.disconnect?.())
  })
}

/** Only the engine that is used is loaded. */
async function openInbox() {
  if (!url.startsWith('postgres')) return (await import('@luma-callback/redis')).redisInbox(url)
  return (await import('@luma-callback/postgres')).postgresInbox(url)
}
