import express from 'express'
import { lumaCallback } from '@luma-callback/express'

const app = express()

app.use(
  lumaCallback(
    async ({ taskId, resultUrls, params }) => {
      console.log(`task ${taskId} succeeded: ${resultUrls.join(' ')}`)
      if (params?.prompt) console.log(`  prompt: ${params.prompt}`)
    },
    {
      onFailure: async ({ taskId, code, msg }) => console.log(`task ${taskId} failed with code ${code}: ${msg}`),
      // With the account's webhook key, callbacks are verified. Without it, anybody can send one.
      ...(process.env.LUMA_WEBHOOK_KEY && { secret: process.env.LUMA_WEBHOOK_KEY }),
    },
  ),
)

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`listening on http://localhost:${server.address().port}/luma-modify-callback`)
})
