import { createHandler } from '@luma-callback/core'
import { postgresInbox } from '@luma-callback/postgres'
import { throughInbox } from './sample.mjs'

const { DATABASE_URL, POSTGRES_SCHEMA } = process.env
// A machine that is busy takes its time to make the schema.
const inbox = postgresInbox(DATABASE_URL, { schema: POSTGRES_SCHEMA, timeout: 60_000 })
await throughInbox(createHandler, inbox, `postgres-${process.pid}`)
