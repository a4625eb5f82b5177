import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { auditChecks, auditEndpoint } from '@luma-callback/testing'
import { SECRET } from '../helpers/signed.ts'
import { agents, type Agent, type FrameworkName } from './agents.ts'
import { LIMIT } from './limits.ts'
import type { Outcome } from './receiver.ts'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
/** The result of one agent with one framework. */
export interface Cell {
  agent: string
  framework: FrameworkName
  outcomes: readonly Outcome[]
  /** Each outcome that is not as it should be, with the one that was expected. */
  wrong: readonly string[]
  /** How many callbacks were answered, and how many were due. */
  answered: number
  due: number
  /** Checks of the audit that were not passed, and how many there are. */
  failedChecks: readonly string[]
  checks: number
}

interface Told {
  outcomes: Outcome[]
  seen?: number
  url: string
  probe: string
}

/** Each agent with each framework that it is for. */
export const pairs: readonly { agent: Agent; framework: FrameworkName }[] = agents.flatMap((agent) =>
  agent.frameworks.map((framework) => ({ agent, framework })),
)

/** Runs every form of mounting under an agent, in a process of its own, and audits one of them. */
export async function runCell(agent: Agent, framework: FrameworkName): Promise<Cell> {
  const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env
  const child = fork('receiver.ts', [framework, agent.modules, ...(agent.wrapper ? [agent.wrapper] : [])], {
    cwd: FOLDER,
    execArgv: ['--disable-warning=LUMA_UNVERIFIED', '--disable-warning=LUMA_PASSED_ON', ...agent.execArgv],
    env: { ...env, ...agent.env },
    silent: true,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT)
  try {
    const told = await new Promise<Told>((resolve, reject) => {
      child.once('message', (message) => resolve(message as Told))
      child.once('exit', (code, signal) => reject(new Error(`it ended with ${code ?? signal}: ${output}`)))
    })
    if (told.seen === 0) throw new Error(`${agent.name} saw nothing of ${framework}: it is not at work`)
    const { results } = await auditEndpoint({ url: told.url, probe: told.probe, secret: SECRET, timeout: LIMIT })
    const failed = results.filter(({ verdict }) => verdict !== 'passed').map(({ id, reason }) => `${id}: ${reason}`)
    return { ...judge(agent, framework, told.outcomes), failedChecks: failed, checks: auditChecks.length }
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
}

function judge(agent: Agent, framework: FrameworkName, outcomes: readonly Outcome[]) {
  const isHidden = agent.hides?.includes(framework) ?? false
  const wrong = outcomes.filter((outcome) => outcome.came !== expected(outcome, isHidden))
  const due = outcomes.filter((outcome) => outcome.kind === 'form')
  return {
    agent: agent.name,
    framework,
    outcomes,
    wrong: wrong.map((outcome) => `${describe(outcome)}: ${outcome.came}, not ${expected(outcome, isHidden)}`),
    answered: due.filter(({ came }) => came === RECEIVED).length,
    due: due.length,
  }
}

const RECEIVED = '200 received, 1'

/** Where a wrapper hides the receiver, some forms can be told only by what a request shows of itself. */
function expected({ kind, hidden, isSigned, isParsed }: Outcome, isHidden: boolean): string {
  if (kind === 'bystander') return '200 the other, 0'
  if (!isHidden || hidden === 'answered') return RECEIVED
  return hidden === 'if it shows' && (isSigned || isParsed) ? RECEIVED : '200 the one behind, 0'
}

function describe({ name, isSigned, isParsed }: Outcome): string {
  return `${name} (${isSigned ? 'signed' : 'unsigned'}, ${isParsed ? 'behind a body parser' : 'without a body parser'})`
}

/** Runs jobs, so many at a time. */
export async function inTurns<Result>(jobs: readonly (() => Promise<Result>)[], atOnce: number): Promise<Result[]> {
  const results: Result[] = []
  const left = jobs.entries()
  async function work(): Promise<void> {
    for (const [index, job] of left) results[index] = await job()
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return results
}
