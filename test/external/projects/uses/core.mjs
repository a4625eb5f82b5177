import { createHandler } from '@luma-callback/core'
import { sampleOf, secret } from './sample.mjs'

let hooks = 0
const handler = createHandler({ onSuccess: () => void hooks++, secret })
const { method, headers, body } = sampleOf('core')
const { status } = await handler.handle({ method, url: '/', headers, rawBody: body })
if (status !== 200 || hooks !== 1) throw new Error(`answered ${status}, ${hooks} hooks ran`)
await handler.close()
