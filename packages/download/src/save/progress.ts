/** How far a download is. */
export interface Progress {
  /** Where it comes from, without the query, which may hold what gives access. */
  url: string
  /** Bytes, those of an earlier attempt included. */
  received: number
  /** Bytes in all; undefined where the server does not tell. */
  total: number | undefined
  /** Bytes a second of late. */
  rate: number
}

export type OnProgress = (progress: Progress) => void

/** Milliseconds. */
const REPORT_EVERY = 100
/** Reports over which the rate is taken. */
const RATE_WINDOW = 20

/** Tells `onProgress` how far it is, as often as anybody reads, also when nothing comes. */
export class Reporter {
  readonly #url: string
  readonly #onProgress: OnProgress
  #received = 0
  #total: number | undefined
  /** What had come at the latest reports of this attempt, the oldest first. */
  #seen: { at: number; received: number }[] = []
  #timer: NodeJS.Timeout | undefined
  #error: unknown

  constructor(url: string, onProgress: OnProgress) {
    this.#url = url
    this.#onProgress = onProgress
  }

  /** An attempt begins, with so many bytes from before. */
  begin(received: number, total: number | undefined): void {
    this.#seen = []
    this.#received = received
    this.#total = total
    this.#report()
    this.#timer ??= setInterval(() => {
      try {
        this.#report()
      } catch (error) {
        // Out of a timer it would end the process; so it ends the download.
        this.#error ??= error
      }
    }, REPORT_EVERY)
  }

  /** Throws what `onProgress` has thrown. */
  tell(received: number): void {
    this.#received = received
    if (this.#error !== undefined) throw this.#error
  }

  /** It is complete. */
  end(): void {
    this.#total = this.#received
    this.#report()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #report(): void {
    const [at, received] = [performance.now(), this.#received]
    this.#seen.push({ at, received })
    if (this.#seen.length > RATE_WINDOW) this.#seen.shift()
    const [oldest = { at, received }] = this.#seen
    const seconds = (at - oldest.at) / 1_000
    const rate = seconds > 0 ? Math.round((received - oldest.received) / seconds) : 0
    this.#onProgress({ url: this.#url, received, total: this.#total, rate })
  }
}
