import type { DurableInbox } from '@luma-callback/core'
import { sqliteInbox } from '@luma-callback/sqlite'
import { existsSync } from 'node:fs'
import { Failure } from './failure.ts'

/** Where an inbox is. */
export interface Engine {
  sqlite: string
}

/** Opens an inbox that is there already: looking for one must not make one. */
export function openInbox({ sqlite }: Engine): DurableInbox {
  // What is empty in the environment was not set.
  if (sqlite === '') throw new Failure('name the inbox: --sqlite FILE, or LUMA_INBOX', { exitCode: 2 })
  if (!existsSync(sqlite)) throw new Failure(`there is no file ${sqlite}`, { exitCode: 2 })
  return sqliteInbox(sqlite)
}
