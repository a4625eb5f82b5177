import { once } from 'node:events'
import express from 'express'
import { lumaCallback } from '@luma-callback/express'
import { secret, send } from './sample.mjs'

let hooks = 0
const luma = lumaCallback(() => void hooks++, { secret })
const server = express().use(luma).listen(0)
await once(server, 'listening')
await send(server, 'express')
await luma.close()
server.close()
server.closeAllConnections()
if (hooks !== 1) throw new Error(`${hooks} hooks ran`)
