import type { Envelope } from './envelope.ts'
import { parseJson } from './json.ts'

/** Something odd about an optional field. */
export interface CallbackIssue {
  /** Where, as in `data.resultUrls[1]`. */
  readonly path: string
  readonly message: string
}

/** The request that started the task, as far as the provider sent it back. */
export interface ModifyParams {
  readonly callBackUrl?: string
  readonly prompt?: string
  readonly videoUrl?: string
  /** With a capital M here; at submission it is `watermark`. */
  readonly waterMark?: string
  readonly [name: string]: unknown
}

/** The optional fields of a callback, and the issues found in them. */
export interface SideFields {
  msg: string
  promptJson: string | undefined
  params: ModifyParams | undefined
  resultUrls: string[]
  issues: CallbackIssue[]
}

type Report = (path: string, message: string) => void

/** How many oddities are told one by one; a hostile body can hold a hundred thousand. */
const MOST_ISSUES = 20

/** Reads the optional fields. A paid result must not be lost over one of them, so nothing here throws. */
export function readSideFields({ code, content: { msg: text, data } }: Envelope): SideFields {
  const issues: CallbackIssue[] = []
  const report: Report = (path, message) => {
    if (issues.length < MOST_ISSUES) issues.push({ path, message })
    else issues[MOST_ISSUES - 1] = { path: '', message: 'more issues than are listed here' }
  }
  const msg = readText(text, 'msg', report) ?? ''
  const promptJson = readText(data.promptJson, 'data.promptJson', report)
  const params = promptJson === undefined ? undefined : readParams(promptJson, report)
  const resultUrls = readUrls(data.resultUrls, code, report)
  return { msg, promptJson, params, resultUrls, issues }
}

function readText(value: unknown, path: string, report: Report): string | undefined {
  if (typeof value === 'string') return value
  report(path, value == null ? 'is missing' : 'is not a string')
  return undefined
}

const KNOWN_PARAMS = ['callBackUrl', 'prompt', 'videoUrl', 'waterMark'] as const

/** The provider has been seen to pad the names and values inside `promptJson` with blanks. */
function readParams(promptJson: string, report: Report): ModifyParams | undefined {
  const path = 'data.promptJson'
  const parsed = tryParse(promptJson)
  if (!isRecord(parsed)) {
    report(path, 'does not parse to an object')
    return undefined
  }
  const params = isPadded(parsed) ? trimmed(parsed) : parsed
  if (params !== parsed) report(path, 'has names padded with blanks; they and their values were trimmed')
  for (const name of KNOWN_PARAMS) {
    if (params[name] === undefined || typeof params[name] === 'string') continue
    report(`${path}.${name}`, 'is not a string and was left out of params')
    delete params[name]
  }
  return params
}

function isPadded(params: Record<string, unknown>): boolean {
  return Object.keys(params).some((name) => name !== name.trim())
}

function trimmed(params: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(params).map(([name, value]) => [
    name.trim(),
    typeof value === 'string' ? value.trim() : value,
  ])
  return Object.fromEntries(entries.filter(([name]) => name !== '__proto__'))
}

function tryParse(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readUrls(value: unknown, code: number, report: Report): string[] {
  const path = 'data.resultUrls'
  if (code !== 200) {
    if (value != null && !(Array.isArray(value) && value.length === 0))
      report(path, 'came with a failure and was left out')
    return []
  }
  if (!Array.isArray(value)) {
    report(path, value == null ? 'is missing' : 'is not a list')
    return []
  }
  if (value.length === 0) report(path, 'is empty')
  const urls: string[] = []
  value.forEach((entry: unknown, index) => {
    const url = typeof entry === 'string' ? entry.trim() : undefined
    if (url !== undefined && isHttpUrl(url)) urls.push(url)
    else report(`${path}[${index}]`, 'is not an http(s) URL and was left out')
  })
  return urls
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\p{Cc}]+$/iu.test(text) && URL.canParse(text)
}
