import { isLumaError } from '@luma-callback/core'
import type { Endpoint } from './endpoint.ts'
import type { Answer } from './exchange.ts'
import { told, Unmet } from './unmet.ts'

/** What is asked of every endpoint, and what of a good one; the words are those of RFC 2119. */
export type Level = 'MUST' | 'SHOULD'

/** What a check cannot do without; it is skipped where that is not given. */
export type Need = 'secret' | 'probe'

/** What a check says of itself. */
export interface Expectation {
  /** Never changes once published: reports are compared by it. */
  id: string
  level: Level
  /** What the endpoint does. */
  expects: string
  /** The provider's rule, or the risk. */
  because: string
  needs?: readonly Need[]
}

export interface Check extends Expectation {
  /** Rejects with {@link Unmet} if the endpoint does otherwise. */
  run(endpoint: Endpoint): Promise<void>
}

type Sending = (endpoint: Endpoint) => Promise<Answer>

/** What is sent: one request, or several by what sets each apart. */
type Sendings = Sending | Readonly<Record<string, Sending>>

/** Each is answered exactly 200. */
export function accepts(expectation: Expectation, sendings: Sendings): Check {
  return answersWith({ expectation, sendings, isRight: (status) => status === 200, isHostile: false })
}

/** Each is answered with one of the statuses. */
export function refuses(expectation: Expectation & { with: readonly number[] }, sendings: Sendings): Check {
  const { with: statuses, ...rest } = expectation
  return answersWith({ expectation: rest, sendings, isRight: (status) => statuses.includes(status), isHostile: true })
}

/** Each is answered at all; what its work then comes to is the endpoint's own affair. */
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
  /** It might bring a server down: after each request a good callback has to get through. */
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

/** Says which of several cases it was that went wrong. */
async function withCase(what: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (what === '' || !(error instanceof Unmet || isLumaError(error, 'ERR_LUMA_NO_ANSWER'))) throw error
    throw new Unmet(`${what}: ${error.message}`, { cause: error })
  }
}
