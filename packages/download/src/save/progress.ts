/** The progress of a download. */
export interface Progress {
  /** The source without its query, which may hold credentials. */
  url: string
  /** Bytes received, those of earlier attempts included. */
  received: number
  /** Bytes in total; undefined if the server does not say. */
  total: number | undefined
  /** The current speed, in bytes a second. */
  rate: number
}

/** The option `onProgress`: a function that is called with the progress of a download. */
export type OnProgress = (progress: Progress) => void

/** Milliseconds. */
const REPORT_EVERY = 100
/** The number of reports that the rate is computed from. */
const RATE_WINDOW = 20

/** Calls `onProgress` at a steady interval, also while no bytes arrive. */
export class Reporter {
  readonly #url: string
  readonly #onProgress: OnProgress
  #received = 0
  #total: number | undefined
  /** The latest reports of this attempt, the oldest first. */
  #seen: { at: number; received: number }[] = []
  #timer: NodeJS.Timeout | undefined
  #error: unknown

  constructor(url: string, onProgress: OnProgress) {
    this.#url = url
    this.#onProgress = onProgress
  }

  /** An attempt begins, with `received` bytes from earlier ones. */
  begin(received: number, total: number | undefined): void {
    this.#seen = []
    this.#received = received
    this.#total = total
    this.#report()
    this.#timer ??= setInterval(() => {
      try {
        this.#report()
      } catch (error) {
        // Thrown from a timer it would crash the process. `tell` throws it and so ends the download.
        this.#error ??= error
      }
    }, REPORT_EVERY)
  }

  /** Throws the error that `onProgress` threw, if any. */
  tell(received: number): void {
    this.#received = received
    if (this.#error !== undefined) throw this.#error
  }

  /** The download is complete. */
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
