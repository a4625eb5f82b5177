import { InboxFileError, StoreUnavailableError } from '@luma-callback/core'
import { toError } from '@luma-callback/core/internal'
import type { Call, Engine } from './engine.ts'
import type { Reply, Request, ThreadData } from './messages.ts'
import { resultCode, type Failure } from './result.ts'
import { startThread } from './start-thread.ts'

/** The way to a file's thread. */
export interface Connection {
  /**
   * Calls a method of the engine. Resolves when what it did is durable; rejects with StoreUnavailableError
   * if it did not happen.
   */
  call<Name extends keyof Engine>(name: Name, ...args: Parameters<Engine[Name]>): Promise<ReturnType<Engine[Name]>>
  /** From its next transaction on it hardly waits for locks: what fails for one is called again, or nobody needs it. */
  hurry(): void
  /** Ends the thread after what was called before. */
  close(): Promise<void>
}

interface Waiting {
  resolve: (result: unknown) => void
  reject: (error: Error) => void
}

/** What was sent to the thread together. */
interface Batch {
  waiting: readonly Waiting[]
  toError: (failure: Failure) => Error
}

/**
 * Opens a file in a thread of its own. What is called while a transaction runs goes together into the next
 * one: one sync of the disk serves them all, and the busier it gets, the more it serves.
 *
 * @param onEnded - Called when the thread that was opened has ended, though it was not closed.
 * @throws InboxFileError (`ERR_LUMA_INBOX_FILE`) if the file cannot be opened; StoreUnavailableError
 * (`ERR_LUMA_STORE_UNAVAILABLE`) if the thread cannot start.
 */
export async function connect(data: ThreadData, onEnded: () => void): Promise<Connection> {
  const thread = startThread(data)
  const asked: Batch[] = []
  let calls: Call[] = []
  let waiting: Waiting[] = []
  let broken: Error | undefined
  let closing = false
  let isOpen = false

  function call(...called: Call): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (broken) return reject(broken)
      calls.push(called)
      waiting.push({ resolve, reject })
      // What is called in the same turn goes together.
      if (asked.length === 0 && calls.length === 1) queueMicrotask(ask)
    })
  }

  function ask(): void {
    if (calls.length === 0) return
    expectReply({ waiting, toError: (failure) => unavailable(data, failure) })
    thread.postMessage(calls satisfies Request)
    calls = []
    waiting = []
  }

  /** A thread that owes no reply keeps no process alive. */
  function expectReply(batch: Batch): void {
    thread.ref()
    asked.push(batch)
  }

  function onReply(reply: Reply): void {
    const batch = asked.shift()
    if (asked.length === 0) {
      if (!closing) thread.unref()
      ask()
    }
    for (const [index, { resolve, reject }] of (batch?.waiting ?? []).entries()) {
      const result = 'error' in reply ? reply : reply.results[index]
      if (result && 'error' in result) reject(batch?.toError(result.error) ?? new Error(result.error.message))
      else resolve(result?.value)
    }
  }

  function onEnd(cause: unknown): void {
    if (broken) return
    const what = isOpen ? 'has ended' : 'could not start'
    broken = new StoreUnavailableError(
      `the thread that writes ${data.file} ${what}: ${reasonOf(cause)}; the next call starts another`,
      { cause },
    )
    for (const { reject } of [...asked.flatMap((batch) => batch.waiting), ...waiting]) reject(broken)
    asked.length = 0
    waiting = []
    if (isOpen && !closing) onEnded()
  }

  thread.on('message', onReply)
  thread.on('error', onEnd)
  thread.on('exit', onEnd)
  try {
    await new Promise((resolve, reject) => {
      expectReply({ waiting: [{ resolve, reject }], toError: (failure) => cannotOpen(data, failure) })
    })
  } catch (error) {
    await thread.terminate()
    throw error
  }

  isOpen = true
  return {
    call: call as Connection['call'],
    hurry: () => thread.postMessage('hurry' satisfies Request),
    async close() {
      if (broken) return
      ask()
      const ended = new Promise((resolve) => thread.once('exit', resolve))
      closing = true
      thread.ref()
      thread.postMessage('close' satisfies Request)
      await ended
    },
  }
}

/** The thread's error, or its exit code if it had none. */
function reasonOf(cause: unknown): string {
  return typeof cause === 'number' ? `it ended with exit code ${cause}` : toError(cause).message
}

function unavailable({ file }: ThreadData, { message }: Failure): StoreUnavailableError {
  return new StoreUnavailableError(`the inbox file ${file} could not be used: ${message}`)
}

/** By SQLite's result codes and Node's own errors. */
function cannotOpen({ file }: ThreadData, failure: Failure): InboxFileError {
  const { message } = failure
  const hint = HINTS.find(({ codes, pattern }) => codes.includes(resultCode(failure)) || pattern.test(message))?.hint
  return new InboxFileError(
    `the inbox file ${file} cannot be opened: ${message}${hint === undefined ? '' : `; ${hint}`}`,
  )
}

const HINTS = [
  { codes: [], pattern: /ENOENT|ENOTDIR/, hint: 'make its directory first' },
  {
    codes: [8, 14],
    pattern: /EACCES|EPERM|EROFS/,
    hint: 'this process must be able to write the file and its directory',
  },
  {
    codes: [11, 26],
    pattern: /^$/,
    hint: 'it is damaged or no database; move it away to start anew, and keep it to be mended',
  },
  { codes: [], pattern: /EISDIR/, hint: 'name a file in that directory' },
]
