import { lumaCallback } from '@luma-callback/express'
import express from 'express'

const app = express()
app.use(lumaCallback(() => {}, { secret: 'bench-secret' }))
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
