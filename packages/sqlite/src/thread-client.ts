import { AsyncLocalStorage } from 'node:async_hooks'
import { connect, type Connection } from './connection.ts'
import type { ThreadData } from './messages.ts'

/** A connection that restarts its worker thread when it dies, as one does that runs out of memory. */
export interface ThreadClient extends Connection {
  /** Starts the thread, which opens the file. */
  open(): Promise<void>
  /** Makes it an owner of leases, and each thread to come in its place. */
  register(): Promise<void>
}

export function createThreadClient(data: ThreadData): ThreadClient {
  // A request may open what all of them share.
  const inMaking = AsyncLocalStorage.snapshot()
  let connecting: Promise<Connection> | undefined
  let owner: number | undefined

  function connection(): Promise<Connection> {
    if (connecting) return connecting
    const opening = inMaking(open, () => {
      forget()
      // At once: with its locks gone, other processes soon take over what it had leased.
      if (owner !== undefined) connection().catch(() => {})
    })
    function forget(): void {
      if (connecting === opening) connecting = undefined
    }
    opening.catch(forget)
    connecting = opening
    return opening
  }

  async function open(onEnded: () => void): Promise<Connection> {
    const opened = await connect(data, onEnded)
    try {
      if (owner !== undefined) owner = await opened.call('register', owner)
      return opened
    } catch (error) {
      await opened.close()
      throw error
    }
  }

  const call: Connection['call'] = async (...called) => (await connection()).call(...called)

  return {
    call,
    async open() {
      await connection()
    },
    async register() {
      owner = await call('register', owner)
    },
    hurry: () => void connecting?.then(({ hurry }) => hurry()).catch(() => {}),
    async close() {
      const opened = await connecting?.catch(() => undefined)
      await opened?.close()
    },
  }
}
