import { lumaCallback } from '@luma-callback/express'
import express from 'express'

/** Milliseconds until a callback is answered whose hook goes on. */
const ACK_TIMEOUT = 200

const app = express()
app.use(lumaCallback(() => new Promise(() => {}), { ackTimeout: ACK_TIMEOUT, observe() {} }))
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
