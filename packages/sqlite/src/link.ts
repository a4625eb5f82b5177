import { connect, type Connection } from './connection.ts'
import type { ThreadData } from './messages.ts'

/** The way to a file, by one thread after another: the next call starts one where there is none. */
export interface Link extends Connection {
  /** Makes it an owner of leases, also by the threads to come. */
  register(): Promise<void>
}

/**
 * @param onLost - Called when a thread has ended that was not closed, as one does that runs out of memory: its locks are
 * gone, so other processes take over what it had leased.
 */
export function createLink(data: ThreadData, onLost: () => void): Link {
  let connecting: Promise<Connection> | undefined
  let isOwner = false

  function connection(): Promise<Connection> {
    if (connecting) return connecting
    const opening = open(forget)
    function forget(): void {
      if (connecting === opening) connecting = undefined
    }
    opening.catch(forget)
    connecting = opening
    return opening
  }

  async function open(forget: () => void): Promise<Connection> {
    const opened = await connect(data, () => {
      forget()
      onLost()
    })
    try {
      if (isOwner) await opened.call('register')
      return opened
    } catch (error) {
      await opened.close()
      throw error
    }
  }

  const call: Connection['call'] = async (...called) => (await connection()).call(...called)

  return {
    call,
    async register() {
      await call('register')
      isOwner = true
    },
    async close() {
      const opened = await connecting?.catch(() => undefined)
      await opened?.close()
    },
  }
}
