import Koa from 'koa'
import { lumaCallback } from '@luma-callback/koa'

const luma = lumaCallback({
  async onSuccess({ taskId, resultUrls }) {
    console.log(`task ${taskId} succeeded: ${resultUrls.join(' ')}`)
  },
  async onFailure({ taskId, code, msg }) {
    console.log(`task ${taskId} failed with code ${code}: ${msg}`)
  },
  // With the account's webhook key callbacks are verified; without it, anybody can send one.
  ...(process.env.LUMA_WEBHOOK_KEY && { secret: process.env.LUMA_WEBHOOK_KEY }),
})

const app = new Koa()
app.use(luma)

const port = Number(process.env.PORT ?? 3000)
const server = app.listen(port, () => {
  const address = server.address()
  const actual = typeof address === 'object' && address ? address.port : port
  console.log(`listening on http://localhost:${actual}/luma-modify-callback`)
})

process.once('SIGTERM', () => {
  server.close()
  void luma.close()
})
