import { CLOSE_CONNECTION, Refusal } from '../errors/refusal.ts'

/** Bytes that the bodies which are being read may have brought, all together. */
const MOST_READ = 64 * 1024 * 1024

/** One body that is being read. */
export interface BeingRead {
  /** So many more bytes of it have come. */
  add(bytes: number): void
  /** It is complete, or given up. Calling it again changes nothing. */
  end(): void
}

/** The bodies that are being read at the same time. */
export interface Reading {
  /** Bytes of them that have come. */
  readonly bytes: number
  /** @param refuse - Called at most once, when the body has to make room; `end` has then been called for it. */
  begin(refuse: (refusal: Refusal) => void): BeingRead
}

/**
 * Bounds what half-sent bodies take. Beyond the limit, the body that has been read for the longest time is refused. A callback
 * arrives within milliseconds, so this is the body of a sender that holds it back, and not a callback.
 */
export function createReading(most: number = MOST_READ): Reading {
  /** The oldest first. */
  const open = new Set<{ bytes: number; refuse: (refusal: Refusal) => void }>()
  let bytes = 0

  function makeRoom(): void {
    for (const body of open) {
      if (bytes <= most || open.size === 1) return
      open.delete(body)
      bytes -= body.bytes
      body.refuse(tooMuch(most))
    }
  }

  return {
    get bytes() {
      return bytes
    },
    begin(refuse) {
      const body = { bytes: 0, refuse }
      open.add(body)
      return {
        add(more) {
          if (!open.has(body)) return
          body.bytes += more
          bytes += more
          makeRoom()
        },
        end() {
          if (open.delete(body)) bytes -= body.bytes
        },
      }
    },
  }
}

function tooMuch(most: number): Refusal {
  return new Refusal('busy', 'the receiver has too much to do at present; send it again later', {
    detail: `more than ${most} bytes of unfinished bodies; this one was under way for the longest time`,
    headers: CLOSE_CONNECTION,
  })
}
