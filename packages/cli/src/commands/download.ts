import { parseCallback, type LumaSuccess } from '@luma-callback/core'
import { saveResults, saveUrl, type DownloadError, type Saved, type SaveOptions } from '@luma-callback/download'
import { Option, type Command } from 'commander'
import { toCount } from '../parse-values.ts'
import { createBars } from '../bars.ts'
import { Failure, interruption } from '../failure.ts'
import { byteSize, duration } from '../numbers.ts'
import { paint, print, printError, printHint, printJsonLine } from '../output.ts'
import type { Finish } from '../finish.ts'
import { readInput } from '../read-input.ts'

interface Options {
  callback?: string
  to: string
  sha256?: string
  allowHost?: string[]
  maxBytes?: number
  anyContent?: true
  allowHttp?: true
  allowPrivate?: true
  json?: true
}

export function addDownload(program: Command, finish: Finish): void {
  program
    .command('download')
    .summary('save result videos')
    .description(
      'Saves videos from URLs, or the results of a callback. A saved file is always complete and checked. Files that are ' +
        'there already are kept, and interrupted downloads are resumed.',
    )
    .argument('[url...]', 'the URLs of the videos')
    .addOption(
      new Option('--callback <file>', 'save the results of the callback in this file; - is the standard input'),
    )
    .option('--to <directory>', 'the directory to save into', '.')
    .option('--sha256 <digest>', 'the SHA-256 that the single file must have')
    .option('--allow-host <name...>', 'download only from these hosts')
    .option('--max-bytes <n>', 'the largest size of a file (default: 2147483648)', toCount(1))
    .option('--any-content', 'also save files that are not MP4, MOV or AVI')
    .option('--allow-http', 'also allow http URLs')
    .option('--allow-private', 'also allow addresses of private networks and of this machine')
    .option('--json', 'print each file as one line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ luma-callback download https://files.example/video.mp4
  $ luma-callback download --callback callback.json --to videos
  $ luma-callback inbox show TASK-ID:success --json | jq -r .raw | luma-callback download --callback -

Exits 0 if every file is saved, else 1.`,
    )
    .action(async (urls: string[], options: Options) => finish(await download(urls, options)))
}

async function download(urls: string[], options: Options): Promise<number> {
  const { callback: file, sha256, json } = options
  if ((urls.length === 0) === (file === undefined)) {
    throw new Failure('name URLs, or a file with a callback as --callback', { exitCode: 2 })
  }
  if (sha256 !== undefined && urls.length !== 1) {
    throw new Failure('--sha256 is for a single file, so name one URL', { exitCode: 2 })
  }
  const callback = file === undefined ? undefined : successIn(await readInput(file), file)
  const signal = interruption()
  const bars = json ? undefined : createBars()
  const settings = { ...settingsOf(options), signal, ...(bars && { onProgress: bars.show }) }
  const saves = callback
    ? [saveResults(callback, settings)]
    : urls.map(async (url) => [await saveUrl(url, { ...settings, ...(sha256 !== undefined && { sha256 }) })])
  const endings = await Promise.allSettled(saves)
  bars?.stop()
  signal.throwIfAborted()
  for (const ending of endings) {
    if (ending.status === 'rejected') showFailure(ending.reason as Error, json)
    else for (const saved of ending.value) showSaved(saved, json)
  }
  return endings.every(({ status }) => status === 'fulfilled') ? 0 : 1
}

function settingsOf({ to, allowHost, maxBytes, anyContent, allowHttp, allowPrivate }: Options): SaveOptions {
  return { to, allowHosts: allowHost, maxBytes, checkContent: !anyContent, allowHttp, allowPrivate }
}

function successIn(bytes: Buffer, file: string): LumaSuccess {
  const source = { raw: bytes.toString(), query: {}, receivedAt: new Date() }
  const callback = (() => {
    try {
      return parseCallback(source)
    } catch (error) {
      throw new Failure(`${file} is not a callback: ${(error as Error).message}`, { exitCode: 2 })
    }
  })()
  if (callback.outcome === 'success') return callback
  throw new Failure(`task ${callback.taskId} failed, so it has no results: ${callback.msg}`, { exitCode: 1 })
}

function showSaved(saved: Saved, json: true | undefined): void {
  if (json) return printJsonLine({ type: 'saved', ...saved })
  const { path = saved.name, bytes, sha256, attempts, resumed, alreadySaved, duration: took } = saved
  const how = [resumed ? 'resumed' : '', attempts > 1 ? `${attempts} attempts` : ''].filter(Boolean).join(', ')
  const what = alreadySaved ? paint('cyan', 'there ') : paint('green', 'saved ')
  print(`${what} ${path}`)
  print(`       ${paint('dim', `${byteSize(bytes)} in ${duration(took)}${how && ` (${how})`}, sha256 ${sha256}`)}`)
}

function showFailure(error: Error, json: true | undefined): void {
  const { code, message, retryable } = error as DownloadError
  // An invalid option affects all files.
  if (error instanceof TypeError) throw error
  if (json) return printJsonLine({ type: 'failed', code, message, retryable })
  printError(error)
  const hint = hintFor(error as DownloadError)
  if (hint !== undefined) printHint(hint)
}

function hintFor({ code, retryable, message }: DownloadError): string | undefined {
  if (code === 'ERR_LUMA_DOWNLOAD_EXPIRED')
    return 'the API gives new links for 14 days: POST /api/v1/common/download-url'
  if (code === 'ERR_LUMA_DOWNLOAD_CONTENT') return '--any-content also saves other files'
  if (message.endsWith('only https is allowed')) return '--allow-http also allows http URLs'
  if (message.endsWith('public address')) return '--allow-private also allows addresses of private networks'
  return retryable ? 'run the same command again to resume' : undefined
}
