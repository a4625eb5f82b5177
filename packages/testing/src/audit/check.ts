import { isLumaError } from '@luma-callback/core'
import type { Endpoint } from './endpoint.ts'
import type { Answer } from './exchange.ts'
import { told, Unmet } from './unmet.ts'

/** The level of a requirement, in the words of RFC 2119. */
export type Level = 'MUST' | 'SHOULD'

/** An option that a check needs. Without it the check is skipped. */
export type Need = 'secret' | 'probe'

/** The description of a check. */
export interface Expectation {
  /** Never changes once published, so that reports can be compared. */
  id: string
  level: Level
  /** The expected behaviour. */
  expects: string
  /** The provider's rule, or the risk. */
  because: string
  needs?: readonly Need[]
}

export interface Check extends Expectation {
  /** Rejects with {@link Unmet} if the endpoint fails the check. */
  run(endpoint: Endpoint): Promise<void>
}

type Sending = (endpoint: Endpoint) => Promise<Answer>

/** One request, or several by their names. */
type Sendings = Sending | Readonly<Record<string, Sending>>

/** Expects 200 for each request. */
export function accepts(expectation: Expectation, sendings: Sendings): Check {
  return answersWith({ expectation, sendings, isRight: (status) => status === 200, isHostile: false })
}

/** Expects one of the statuses for each request. */
export function refuses(expectation: Expectation & { with: readonly number[] }, sendings: Sendings): Check {
  const { with: statuses, ...rest } = expectation
  return answersWith({ expectation: rest, sendings, isRight: (status) => statuses.includes(status), isHostile: true })
}

/** Expects any answer to each request. */
export function answers(expectation: Expectation, sendings: Sendings): Check {
  return answersWith({ expectation, sendings, isRight: () => true, isHostile: true })
}

/** Each is answered, whatever with, as long as it is no fault of the server's. */
export function survives(expectation: Expectation, sendings: Sendings): Check {
  return answersWith({ expectation, sendings, isRight: (status) => status < 500, isHostile: true })
}

function answersWith(options: {
  expectation: Expectation
  sendings: Sendings
  isRight: (status: number) => boolean
  /** True if the requests may crash a server. After each one a valid callback must succeed. */
  isHostile: boolean
}): Check {
  const { expectation, sendings, isRight, isHostile } = options
  const cases = typeof sendings === 'function' ? { '': sendings } : sendings
  return {
    ...expectation,
    async run(endpoint) {
      for (const [what, send] of Object.entries(cases)) {
        await withCase(what, async () => {
          const answer = await send(endpoint)
          if (!isRight(answer.status)) throw new Unmet(`answered ${told(answer)}`)
          if (isHostile) await endpoint.thrives()
        })
      }
    },
  }
}

/** Adds the name of the case to its error. */
async function withCase(what: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (what === '' || !(error instanceof Unmet || isLumaError(error, 'ERR_LUMA_NO_ANSWER'))) throw error
    throw new Unmet(`${what}: ${error.message}`, { cause: error })
  }
}
