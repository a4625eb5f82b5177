import type { IncomingMessage } from 'node:http'
import { identityOf, judge, canResume, rangeHeaders, type Verdict } from '../request/answer.ts'
import { createDigester, type Digester } from '../target/checksums.ts'
import { contentOf, HEAD, UNKNOWN, type Content } from '../target/content.ts'
import { DownloadError } from '../errors.ts'
import type { Reporter } from './progress.ts'
import { readBody, request, type RequestSettings } from '../request/request.ts'
import type { Source, Target } from '../target/target.ts'
import { showUrl } from '../guard/url-rules.ts'

export interface TransferSettings extends RequestSettings {
  maxBytes: number
  sha256: string | undefined
  checkContent: boolean
  reporter: Reporter | undefined
}

/** A complete and checked file under its final name. */
export interface Complete {
  path: string | undefined
  bytes: number
  sha256: string
  content: Content
}

/** The download of one file into a target, over several attempts. */
export class Transfer {
  /** Bytes that the target has. */
  received = 0
  /** True if it resumed where an earlier attempt ended. */
  resumed = false
  readonly #target: Target
  readonly #settings: TransferSettings
  #hasBegun = false
  #source: Source | undefined
  #content: Content = UNKNOWN
  #digester: Digester = createDigester({})

  constructor(target: Target, settings: TransferSettings) {
    this.#target = target
    this.#settings = settings
  }

  /** Loads the bytes that an earlier run left of the same file. */
  async #takeUp(url: URL): Promise<void> {
    const kept = await this.#target.kept()
    if (!kept || !canResume(kept.source, url)) return
    const digester = createDigester(kept.source.checksums)
    let head: Buffer = Buffer.alloc(0)
    for await (const chunk of kept.chunks()) {
      this.#settings.signal.throwIfAborted()
      if (head.length < HEAD) head = Buffer.concat([head, chunk.subarray(0, HEAD)])
      digester.update(chunk)
    }
    const content = contentOf(head)
    // An earlier run may have had `checkContent: false`.
    if (!content && this.#settings.checkContent) return
    this.#content = content ?? UNKNOWN
    this.#digester = digester
    this.#source = kept.source
    this.received = kept.received
  }

  /** Downloads the missing bytes. */
  async attempt(url: URL): Promise<Complete> {
    const shown = showUrl(url)
    if (!this.#hasBegun) await this.#takeUp(url)
    this.#hasBegun = true
    if (this.#source && !canResume(this.#source, url)) this.#startOver()
    // If the URL leads to another place, a request must first show that the file there is the same.
    const isComplete = this.received > 0 && this.received === this.#source?.total
    if (isComplete && this.#source?.identity === identityOf(url)) this.resumed = true
    else await this.#get(url, shown)
    const file = this.#check(shown)
    return { ...file, path: await this.#target.finish(file.content) }
  }

  async #get(url: URL, shown: string): Promise<void> {
    const headers = rangeHeaders(this.#source, this.received)
    const isRange = headers['range'] !== undefined
    const answer = await request(url, headers, this.#settings)
    try {
      const source = isRange ? this.#source : undefined
      const verdict = judge(answer, { url, shown, received: this.received, ...(source && { source }) })
      if (verdict.is !== 'changed') return await this.#accept(verdict, answer, shown)
    } finally {
      // An unread answer would keep its connection open.
      answer.destroy()
    }
    if (!isRange) throw lengthError(`${shown}: answered ${answer.statusCode} to a request without a range`)
    this.#startOver()
    await this.#get(url, shown)
  }

  async #accept(verdict: Exclude<Verdict, { is: 'changed' }>, answer: IncomingMessage, shown: string): Promise<void> {
    switch (verdict.is) {
      case 'whole':
        this.#startOver()
        return this.#takeWhole(answer, shown, verdict)
      case 'rest':
        this.resumed = true
        return this.#takeRest(answer, shown, verdict)
      case 'complete':
        this.resumed = true
    }
  }

  #startOver(): void {
    this.#source = undefined
    this.received = 0
    this.resumed = false
  }

  async #takeWhole(
    answer: IncomingMessage,
    shown: string,
    { source, isFramed }: Extract<Verdict, { is: 'whole' }>,
  ): Promise<void> {
    this.#checkSize(source.total ?? 0, shown)
    const { checksums } = source
    if (!isFramed && this.#settings.sha256 === undefined && Object.keys(checksums).length === 0) {
      throw lengthError(`${shown}: the server sends no length and no checksum, so the file cannot be checked`)
    }
    this.#digester = createDigester(checksums)
    this.#settings.reporter?.begin(0, source.total)
    // The first bytes show the type of the content, which a sink needs before the stream begins.
    let first: Buffer = Buffer.alloc(0)
    await readBody(answer, shown, this.#settings, (chunk) => {
      if (this.#source) return this.#take(chunk, shown)
      first = Buffer.concat([first, chunk])
      return first.length >= HEAD ? this.#begin(source, first, shown) : undefined
    })
    if (!this.#source) await this.#begin(source, first, shown)
  }

  async #begin(source: Source, first: Buffer, shown: string): Promise<void> {
    const content = contentOf(first)
    if (!content && this.#settings.checkContent) {
      const message = `${shown}: the content is not an MP4, MOV or AVI file`
      throw new DownloadError('ERR_LUMA_DOWNLOAD_CONTENT', message, { retryable: true })
    }
    this.#content = content ?? UNKNOWN
    await this.#target.begin(source, this.#content)
    this.#source = source
    await this.#take(first, shown)
  }

  async #takeRest(
    answer: IncomingMessage,
    shown: string,
    { end, total }: Extract<Verdict, { is: 'rest' }>,
  ): Promise<void> {
    this.#checkSize(total, shown)
    // If the first answer was chunked, its total was unknown.
    if (this.#source) this.#source = { ...this.#source, total }
    this.#settings.reporter?.begin(this.received, total)
    await readBody(answer, shown, this.#settings, (chunk) => this.#take(chunk, shown))
    if (this.received === end) return
    if (this.received > end) this.#startOver()
    throw lengthError(`${shown}: the number of bytes differs from the range of the answer`)
  }

  #take(chunk: Buffer, shown: string): Promise<void> | undefined {
    this.received += chunk.length
    this.#checkSize(this.received, shown)
    this.#digester.update(chunk)
    this.#settings.reporter?.tell(this.received)
    return this.#target.write(chunk)
  }

  #checkSize(bytes: number, shown: string): void {
    const { maxBytes } = this.#settings
    if (bytes <= maxBytes) return
    const message = `${shown}: the file is larger than maxBytes, ${maxBytes}`
    throw new DownloadError('ERR_LUMA_DOWNLOAD_TOO_LARGE', message, { retryable: false })
  }

  #check(shown: string): Omit<Complete, 'path'> {
    const { sha256: asked, reporter } = this.#settings
    const { received } = this
    const { total = received, checksums } = this.#source ?? { checksums: {} }
    this.#checkSize(received, shown)
    if (received < total) throw lengthError(`${shown}: received only ${received} of ${total} bytes`)
    try {
      if (received > total) throw lengthError(`${shown}: received ${received} bytes instead of ${total}`)
      const sha256 = this.#digester.finish({ ...checksums, ...(asked !== undefined && { sha256: asked }) }, shown)
      reporter?.end()
      return { bytes: received, sha256, content: this.#content }
    } catch (error) {
      // It is unknown which byte is wrong, so all must be downloaded again.
      this.#startOver()
      throw error
    }
  }
}

function lengthError(message: string): DownloadError {
  return new DownloadError('ERR_LUMA_DOWNLOAD_LENGTH', message, { retryable: true })
}
