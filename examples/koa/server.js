import { createApp } from './app.js'

const { app, luma } = createApp({ secret: process.env.LUMA_WEBHOOK_KEY })

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
