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

export interface AuditOptions {
  /** The address that the provider would call, http or https. It is sent callbacks of tasks that do not exist. */
  url: string
  /** The `webhookHmacKey` it knows; without it callbacks are not signed, and what is about signatures is skipped. */
  secret?: string | undefined
  /**
   * An address of the endpoint's that answers `GET …?taskId=ID` with `{"handled": <number>}`: how often the work
   * for that task was done. Whether it was done once cannot be seen otherwise; without it those checks are skipped.
   */
  probe?: string | undefined
  /** What callbacks name as their result, for endpoints that fetch it. Default: a URL of a host that does not exist. */
  resultUrl?: string | undefined
  /** Run these checks only, by id. Default: all. */
  only?: readonly string[] | undefined
  /** Milliseconds for all of it; what is not over then is skipped. Default: 55 000. */
  timeout?: number | undefined
  /** Called with each result as it comes. */
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

/** How long a supervisor has to start a server again that crashed, or a busy one to come back to us. */
const RESTART = 15_000
const POLL = 50
const LACKS: Readonly<Record<Need, string>> = {
  secret: 'it needs the endpoint’s secret',
  probe: 'it needs a probe, which says how often a task was handled',
}

/** What is asked of an endpoint, without running it: the list that documentation and reports are made from. */
export const auditChecks: readonly Readonly<Expectation>[] = CHECKS.map(({ run: _run, ...expectation }) => expectation)

/**
 * Asks an endpoint, in whatever language it is written, over HTTP: does it receive Luma callbacks as it should?
 * It is sent callbacks that are good, damaged, forged and hostile, so give it one that is meant for tests.
 *
 * @throws TypeError if an option is wrong; NoAnswer (`ERR_LUMA_NO_ANSWER`) if nothing answers at the address; the
 * reason of `signal` if that ended it.
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
    // What was cut off says nothing of the endpoint.
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

/** Without an endpoint, and a probe if there is to be one, there is nothing to be said of it. */
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

/** Whether anything answers again: what crashed may be started anew, and is then asked the rest. */
async function isBack(endpoint: Endpoint): Promise<boolean> {
  for (const latest = Date.now() + RESTART; Date.now() < latest; await sleep(POLL)) {
    const answer = await endpoint.send({}, { timeout: RESTART }).catch(() => undefined)
    if (answer) return true
  }
  return false
}

/** What the first answer says about how the audit was started. */
function hintFrom({ status }: Answer, secret: string | undefined): string | undefined {
  if (status === 401 || status === 403) {
    const problem =
      secret === undefined ? 'it wants a signature, and no secret was given' : 'is the secret the one it knows?'
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
  return `must be a list of the ids of checks, and its entry ${wrong + 1} is none${hint}`
}

function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}
