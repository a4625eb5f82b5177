import Koa from 'koa'
import { lumaCallback } from '@luma-callback/koa'

/**
 * The application. It does not listen: `server.js` makes it listen, and a test sends requests to it. What it needs is given to
 * it, so that a test can give it something else.
 *
 * @param {{ secret?: string | undefined, print?: (line: string) => void }} needs
 */
export function createApp({ secret, print = console.log }) {
  const luma = lumaCallback({
    async onSuccess({ taskId, resultUrls }) {
      print(`task ${taskId} succeeded: ${resultUrls.join(' ')}`)
    },
    async onFailure({ taskId, code, msg }) {
      print(`task ${taskId} failed with code ${code}: ${msg}`)
    },
    // With the account's webhook key callbacks are verified; without it, anybody can send one.
    ...(secret && { secret }),
  })

  const app = new Koa()
  app.use(luma)
  return { app, luma }
}
