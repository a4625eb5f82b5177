import { limited, systemClock } from '@luma-callback/core/internal'
import { orAborted } from '../abort.ts'
import { withRetries } from './attempts.ts'
import { EXTENSIONS, contentTypeOf } from '../target/content.ts'
import { enterDirectory } from '../target/directory.ts'
import { isSpoilt, timeoutError } from '../errors.ts'
import { nameOfUrl, safeName } from '../target/names.ts'
import { readOptions, type SaveOptions, type SaveSettings } from './options.ts'
import { Reporter } from './progress.ts'
import { sinkError, type Sink } from '../target/sink.ts'
import { targetOf } from '../target/sink-target.ts'
import { inSlot } from './slots.ts'
import type { SavedFile, Target } from '../target/target.ts'
import { Transfer } from './transfer.ts'
import { checkUrl, showUrl } from '../guard/url-rules.ts'

/** A saved result, complete and checked. */
export interface Saved {
  /** The absolute path of the file, or the path that the sink gave. */
  path: string | undefined
  /** The name of the file, with its extension. */
  name: string
  /** The source, without its query. */
  url: string
  bytes: number
  /** Hexadecimal. Undefined only if a sink had the file already and does not know its SHA-256. */
  sha256: string | undefined
  /** From the content of the file, not from the server's header. */
  contentType: string
  /** The number of attempts, failed ones included; 0 if the file was there already. */
  attempts: number
  /** True if the download resumed where an earlier attempt or an earlier run ended. */
  resumed: boolean
  /** True if the file was there already, so that nothing was downloaded. */
  alreadySaved: boolean
  /** Milliseconds. */
  duration: number
}

export interface SaveUrlOptions extends SaveOptions {
  /** The name of the file, without an extension. Default: made from the URL with its query. Set it if the same file gets new signed URLs. */
  name?: string | undefined
}

/**
 * Saves the file at a URL. A saved file is always complete and checked. A file that is there already is kept, and the
 * unfinished download of an earlier run is resumed.
 *
 * @example
 * ```ts
 * import { saveUrl } from '@luma-callback/download'
 *
 * const { path, sha256 } = await saveUrl('https://files.example/fox.mp4', { to: 'videos' })
 * ```
 * @throws DownloadError, whose `retryable` is true if a retry can help; the reason of `signal`; the errors of `refresh` and
 * `onProgress`; TypeError for invalid options.
 */
export async function saveUrl(url: string, options: SaveUrlOptions): Promise<Saved> {
  const settings = readOptions('saveUrl', options)
  const { name } = settings
  return save(url, name === undefined ? undefined : safeName(name), settings)
}

/** @param name - A safe name without an extension. */
export async function save(text: string, name: string | undefined, settings: SaveSettings): Promise<Saved> {
  const startedAt = performance.now()
  const url = checkUrl(text, settings.rules)
  const { total } = settings.timeouts
  const late = () => timeoutError(`${showUrl(url)}: not complete within ${total} ms`)
  const { signal, end } = limited(settings.signal, total, late, systemClock)
  const job = { url, name: name ?? nameOfUrl(url), startedAt, settings, signal }
  try {
    signal.throwIfAborted()
    return typeof settings.to === 'string' ? await intoDirectory(job, settings.to) : await intoSink(job, settings.to)
  } finally {
    end()
  }
}

interface Job {
  url: URL
  name: string
  startedAt: number
  settings: SaveSettings
  signal: AbortSignal
}

async function intoDirectory(job: Job, directory: string): Promise<Saved> {
  const place = await enterDirectory(directory, job.name, job.signal)
  try {
    const found = await inSlot(job.signal, () => place.find(job.settings.sha256, job.signal))
    const isRight = job.settings.sha256 === undefined || found?.sha256 === job.settings.sha256
    if (!found || !isRight) return await fetchTo(place.target, job)
    // A crash after the rename to the final name may have left the note of the part file.
    await place.target.discard(new Error('the file is there already'))
    return savedBefore(job, found)
  } finally {
    await place.leave()
  }
}

async function intoSink(job: Job, sink: Sink): Promise<Saved> {
  const { name, signal } = job
  const names = EXTENSIONS.map((extension) => `${name}.${extension}`)
  let found
  try {
    found = await orAborted(signal, () => sink.find?.(names))
  } catch (error) {
    signal.throwIfAborted()
    throw sinkError(name, error)
  }
  const { sha256, path } = found ?? {}
  const asked = job.settings.sha256
  const isOther = asked !== undefined && sha256 !== undefined && sha256.toLowerCase() !== asked
  if (!found || isOther) return fetchTo(targetOf(sink, name, signal), job)
  return savedBefore(job, { ...found, path, sha256, contentType: contentTypeOf(found.name) })
}

async function fetchTo(target: Target, { url, name, startedAt, settings, signal }: Job): Promise<Saved> {
  const { onProgress } = settings
  const reporter = onProgress && new Reporter(showUrl(url), onProgress)
  const transfer = new Transfer(target, { ...settings, signal, reporter })
  try {
    const { result, attempts } = await withRetries(url, transfer, { ...settings, signal })
    const { path, bytes, sha256, content } = result
    return {
      path,
      name: `${name}.${content.extension}`,
      url: showUrl(url),
      bytes,
      sha256,
      contentType: content.type,
      attempts,
      resumed: transfer.resumed,
      alreadySaved: false,
      duration: Math.round(performance.now() - startedAt),
    }
  } catch (error) {
    const isOver = !signal.aborted && isSpoilt(error)
    // A failure here must not hide the first error.
    await (isOver ? target.discard(error as Error) : target.keep(error as Error)).catch(() => {})
    throw error
  } finally {
    reporter?.stop()
  }
}

function savedBefore({ url, startedAt }: Job, found: SavedFile): Saved {
  const duration = Math.round(performance.now() - startedAt)
  return { ...found, url: showUrl(url), attempts: 0, resumed: false, alreadySaved: true, duration }
}
