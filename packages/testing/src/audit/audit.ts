import { setTimeout as sleep } from 'node:timers/promises'
import { isLumaError } from '@luma-callback/core'
import {
  abortSignal,
  callable,
  checkOptions,
  custom,
  httpUrl,
  milliseconds,
  nearestName,
  optional,
  someText,
  type Rules,
} from '@luma-callback/core/internal'
import type { Check, Expectation, Need } from './check.ts'
import { Unmet } from './unmet.ts'
import { CHECKS } from './checks/index.ts'
import { newTask, openEndpoint, type Endpoint } from './endpoint.ts'
import { NoAnswer, type Answer } from './exchange.ts'
import { summarize, type AuditReport, type AuditResult } from './report.ts'

/** The options of `auditEndpoint`. */
export interface AuditOptions {
  /** The URL that the provider would call, http or https. It gets callbacks of tasks that do not exist. */
  url: string
  /** The endpoint's `webhookHmacKey`. Without it callbacks are not signed, and the checks of signatures are skipped. */
  secret?: string | undefined
  /**
   * A URL of the endpoint that answers `GET …?taskId=ID` with `{"handled": <number>}`: how often the task was handled. Only
   * this shows that a task was handled once; without it these checks are skipped.
   */
  probe?: string | undefined
  /** The result URL in the callbacks, for endpoints that fetch it. Default: a URL of a host that does not exist. */
  resultUrl?: string | undefined
  /** The ids of the checks to run. Default: all. */
  only?: readonly string[] | undefined
  /** Milliseconds for the whole audit; checks after that are skipped. Default: 55 000. */
  timeout?: number | undefined
  /** Called with each result. */
  observe?: ((result: AuditResult) => void) | undefined
  /** Ends the audit early: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

type AuditSettings = Omit<Required<AuditOptions>, 'resultUrl' | 'timeout'> & { resultUrl: string; timeout: number }

const RULES: Rules<AuditSettings> = {
  url: httpUrl,
  secret: optional(someText),
  probe: optional(httpUrl),
  resultUrl: optional(httpUrl, 'https://files.example/l/luma-audit.mp4'),
  only: optional(custom(onlyProblem)),
  timeout: milliseconds({ fallback: 55_000 }),
  observe: optional(callable()),
  signal: abortSignal,
}

/** The time for a crashed server to be restarted, or for a busy one to answer again, in milliseconds. */
const RESTART = 15_000
const POLL = 50
const LACKS: Readonly<Record<Need, string>> = {
  secret: 'it needs the endpoint’s secret',
  probe: 'it needs a probe, which says how often a task was handled',
}

/** The list of checks, for documentation and reports. */
export const auditChecks: readonly Readonly<Expectation>[] = CHECKS.map(({ run: _run, ...expectation }) => expectation)

/**
 * Checks over HTTP if an endpoint, in any language, receives Luma callbacks correctly. It sends valid, damaged, forged and
 * hostile callbacks, so use a test instance.
 *
 * @throws TypeError if an option is wrong; NoAnswer (`ERR_LUMA_NO_ANSWER`) if nothing answers at the URL; the reason of
 * `signal` after an abort.
 */
export async function auditEndpoint(options: AuditOptions): Promise<AuditReport> {
  const settings = checkOptions('auditEndpoint', options, RULES)
  const { url, secret, probe, resultUrl, only, timeout, observe } = settings
  const { signal = new AbortController().signal } = settings
  const checks = CHECKS.filter(({ id }) => only?.includes(id) ?? true)
  const startedAt = new Date()
  const deadline = AbortSignal.timeout(timeout)
  const endpoint = openEndpoint({ url, secret, probe, resultUrl, signal: AbortSignal.any([signal, deadline]) })
  const first = await reached(signal, url, () => endpoint.send())
  if (probe !== undefined) await reached(signal, probe, () => endpoint.count(newTask().taskId))
  const hint = hintFrom(first, secret)

  const results: AuditResult[] = []
  let isGone = false
  for (const check of checks) {
    const { id, level, expects, because } = check
    const began = performance.now()
    const outcome = await judge(check)
    signal.throwIfAborted()
    const result: AuditResult = { id, level, expects, because, ...outcome, duration: performance.now() - began }
    results.push(result)
    observe?.(result)
    if (outcome.verdict === 'failed') isGone = !(await isBack(endpoint))
  }
  return {
    url: withoutQuery(url),
    startedAt,
    duration: Date.now() - startedAt.getTime(),
    results,
    ...summarize(results),
    ...(hint !== undefined && { hint }),
  }

  async function judge(check: Check): Promise<Outcome> {
    const lack = check.needs?.find((need) => settings[need] === undefined)
    if (lack !== undefined) return skipped(LACKS[lack])
    if (isGone) return skipped('the endpoint no longer answers')
    const outcome = deadline.aborted ? undefined : await run(check, endpoint)
    // A check that the deadline cut off says nothing about the endpoint.
    const isOver = outcome === undefined || (deadline.aborted && outcome.verdict === 'failed')
    return isOver ? skipped(`the audit's ${timeout / 1000} s were over`) : outcome
  }
}

type Outcome = Pick<AuditResult, 'verdict' | 'reason'>

function skipped(reason: string): Outcome {
  return { verdict: 'skipped', reason }
}

async function run(check: Check, endpoint: Endpoint): Promise<Outcome> {
  try {
    await check.run(endpoint)
    return { verdict: 'passed' }
  } catch (error) {
    if (error instanceof Unmet || isLumaError(error, 'ERR_LUMA_NO_ANSWER'))
      return { verdict: 'failed', reason: error.message }
    throw error
  }
}

/** Throws if the endpoint or the probe does not answer, because no check would mean anything then. */
async function reached<Result>(signal: AbortSignal, url: string, ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    signal.throwIfAborted()
    if (!isLumaError(error, 'ERR_LUMA_NO_ANSWER')) throw error
    const message = `nothing to audit at ${withoutQuery(url)}: ${error.message}; is it running?`
    throw new NoAnswer(message, { cause: error })
  }
}

/** True if the endpoint answers again. A crashed server may be restarted, and the audit then goes on. */
async function isBack(endpoint: Endpoint): Promise<boolean> {
  for (const latest = Date.now() + RESTART; Date.now() < latest; await sleep(POLL)) {
    const answer = await endpoint.send({}, { timeout: RESTART }).catch(() => undefined)
    if (answer) return true
  }
  return false
}

/** A likely mistake in the options of the audit, seen from the first answer. */
function hintFrom({ status }: Answer, secret: string | undefined): string | undefined {
  if (status === 401 || status === 403) {
    const problem =
      secret === undefined ? 'it needs a signature, so give the secret' : 'does the endpoint have the same secret?'
    return `A documented callback was answered ${status}: ${problem}`
  }
  if (status === 404) return 'A documented callback was answered 404: is the path right?'
  return status === 405 ? 'A documented callback was answered 405: does this address take a POST?' : undefined
}

function onlyProblem(value: unknown): string | undefined {
  if (!Array.isArray(value)) return 'must be a list of the ids of checks'
  const ids = CHECKS.map(({ id }) => id)
  const wrong = value.findIndex((id) => !ids.includes(id as string))
  if (wrong === -1) return undefined
  const given: unknown = value[wrong]
  const nearest = typeof given === 'string' ? nearestName(given, ids) : undefined
  const hint = nearest === undefined ? '' : `, did you mean ${nearest}?`
  return `must be a list of the ids of checks, but its entry ${wrong + 1} is not one${hint}`
}

function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}
