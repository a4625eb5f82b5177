import { once } from 'node:events'
import Koa from 'koa'
import { lumaCallback } from '@luma-callback/koa'
import { secret, send } from './sample.mjs'

let hooks = 0
const luma = lumaCallback(() => void hooks++, { secret })
const app = new Koa()
app.use(luma)
const server = app.listen(0)
await once(server, 'listening')
await send(server, 'koa')
await luma.close()
server.close()
server.closeAllConnections()
if (hooks !== 1) throw new Error(`${hooks} hooks ran`)
