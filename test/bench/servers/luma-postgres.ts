import { lumaCallback } from '@luma-callback/express'
import { postgresInbox } from '@luma-callback/postgres'
import express from 'express'
import { emptyPostgres, ENGINES } from '../engines.ts'

/** The receiver with the inbox on Postgres, in a schema of its own, which is gone when the next one starts. */
const schema = 'luma_bench'
await emptyPostgres(schema)

const app = express()
const luma = lumaCallback(() => {}, { secret: 'bench-secret', inbox: postgresInbox(ENGINES.postgres, { schema }) })
app.use(luma)
await luma.start()
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
