import { limited, systemClock } from '@luma-callback/core/internal'
import { orAborted } from '../abort.ts'
import { withRetries } from './attempts.ts'
import { EXTENSIONS, contentTypeOf } from '../target/content.ts'
import { enterDirectory } from '../target/directory.ts'
import { isSpoilt, timeoutError } from '../errors.ts'
import { nameOfUrl, safeName } from '../target/names.ts'
import { readOptions, type SaveOptions, type Settings } from './options.ts'
import { Reporter } from './progress.ts'
import { sinkError, targetOf, type Sink } from '../target/sink.ts'
import { inSlot } from './slots.ts'
import type { Found, Target } from '../target/target.ts'
import { Transfer } from './transfer.ts'
import { checkUrl, showUrl } from '../guard/url-rules.ts'

/** A result that is there, complete and checked. */
export interface Saved {
  /** Where it is: the absolute path of the file, or what the sink said. */
  path: string | undefined
  /** The name that it was given, with its extension. */
  name: string
  /** Where it came from. */
  url: string
  bytes: number
  /** Hexadecimal. Undefined only for what a sink had already and does not know it of. */
  sha256: string | undefined
  /** By its content, whatever the server said. */
  contentType: string
  /** Attempts that it took, those that failed included; 0 for what was there already. */
  attempts: number
  /** Whether it went on where an earlier attempt, or an earlier run, had ended. */
  resumed: boolean
  /** Whether it was there before, and nothing was fetched. */
  alreadySaved: boolean
  /** Milliseconds. */
  duration: number
}

export interface SaveUrlOptions extends SaveOptions {
  /** The name of the file, without an extension. Default: by the URL with its query; name what is linked to by links signed anew. */
  name?: string | undefined
}

/**
 * Saves what is at a URL: complete and checked, or not at all. What is there already is left as it is, and what an
 * earlier run left unfinished is gone on with.
 *
 * @example
 * ```ts
 * import { saveUrl } from '@luma-callback/download'
 *
 * const { path, sha256 } = await saveUrl('https://files.example/fox.mp4', { to: 'videos' })
 * ```
 * @throws DownloadError, whose `retryable` says whether trying again can help; what `signal` was aborted with; what
 * `refresh` or `onProgress` threw; TypeError for options that are wrong.
 */
export async function saveUrl(url: string, options: SaveUrlOptions): Promise<Saved> {
  const settings = readOptions('saveUrl', options)
  const { name } = settings
  return save(url, name === undefined ? undefined : safeName(name), settings)
}

/** @param name - Safe, and without an extension. */
export async function save(text: string, name: string | undefined, settings: Settings): Promise<Saved> {
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
  settings: Settings
  signal: AbortSignal
}

async function intoDirectory(job: Job, directory: string): Promise<Saved> {
  const place = await enterDirectory(directory, job.name, job.signal)
  try {
    const found = await inSlot(job.signal, () => place.find(job.settings.sha256, job.signal))
    const isRight = job.settings.sha256 === undefined || found?.sha256 === job.settings.sha256
    if (!found || !isRight) return await fetchTo(place.target, job)
    // A crash between the last name and the end may have left a note.
    await place.target.discard(new Error('it is there'))
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
    // What goes wrong now must not hide what went wrong before.
    await (isOver ? target.discard(error as Error) : target.keep(error as Error)).catch(() => {})
    throw error
  } finally {
    reporter?.stop()
  }
}

function savedBefore({ url, startedAt }: Job, found: Found): Saved {
  const duration = Math.round(performance.now() - startedAt)
  return { ...found, url: showUrl(url), attempts: 0, resumed: false, alreadySaved: true, duration }
}
