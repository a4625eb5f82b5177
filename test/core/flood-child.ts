// Is refused twice and has nothing else to do.
import { createHandler } from '@luma-callback/core'

const handler = createHandler({ onSuccess() {}, secret: 'whk_test' })
const request = { method: 'POST', url: '/', headers: { 'content-type': 'application/json' }, body: {} }
await handler.handle(request)
await handler.handle(request)
