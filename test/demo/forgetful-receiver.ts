import { lumaCallback, type LumaCallback } from '@luma-callback/express'
import express from 'express'
import type { AddressInfo } from 'node:net'

/** A receiver that answers 200 and keeps what it has still to do in memory. */
const luma = lumaCallback({
  onSuccess: notify,
  onFailure: notify,
  secret: process.env['LUMA_WEBHOOK_KEY'] ?? '',
  ackTimeout: 1,
})

async function notify({ taskId, outcome }: LumaCallback): Promise<void> {
  const body = JSON.stringify({ taskId, outcome })
  const { ok } = await fetch(process.env['NOTIFY_URL'] ?? '', { method: 'POST', body })
  if (!ok) throw new Error('it was not taken')
}

const server = express()
  .use(luma)
  .listen(Number(process.env['PORT']), '127.0.0.1', () => {
    console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}/luma-modify-callback`)
  })
