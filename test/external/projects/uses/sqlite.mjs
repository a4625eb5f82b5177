import { createHandler } from '@luma-callback/core'
import { sqliteInbox } from '@luma-callback/sqlite'
import { throughInbox } from './sample.mjs'

await throughInbox(createHandler, sqliteInbox('uses.db'), `sqlite-${process.pid}`)
