import { createNodeMiddleware, Webhooks } from '@octokit/webhooks'
import { createServer } from 'node:http'

/** A peer of the same kind: verifies GitHub's signature over the body, and runs a hook that does nothing. */
const webhooks = new Webhooks({ secret: 'bench-secret' })
webhooks.on('ping', () => {})
const middleware = createNodeMiddleware(webhooks, { path: '/luma-modify-callback' })
const server = createServer((request, response) => void middleware(request, response))
server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
