import { setTimeout as sleep } from 'node:timers/promises'
import { isLumaError } from '@luma-callback/core'
import { survives, type Check } from '../check.ts'
import { told, Unmet } from '../unmet.ts'
import { newTask, type Endpoint } from '../endpoint.ts'
import { cutIsLike, type Answer, type Exchange } from '../exchange.ts'
import { sampleBody } from '../../samples.ts'

/** Bodies that arrive slowly, or only in part. */

const SLOW_BODIES = 50
const ABORTED_BODIES = 20
const PATIENCE = 20_000
/** The time to open the connections, in milliseconds. */
const UNDER_WAY = 100

export const connectionChecks: readonly Check[] = [
  {
    id: 'aborted',
    level: 'MUST',
    expects: `keeps working when ${ABORTED_BODIES} clients disconnect in the middle of the body`,
    because: 'connections break, and an unhandled error ends some servers',
    async run(endpoint) {
      const abort = () => stall(endpoint, newTask().taskId, { timeout: 50 }).catch(ignoreNoAnswer)
      await Promise.all(Array.from({ length: ABORTED_BODIES }, abort))
      await endpoint.thrives()
    },
  },
  {
    id: 'aborted-not-handled',
    level: 'MUST',
    expects: 'does not handle a callback whose body broke off',
    because: 'the provider sends the whole callback again',
    needs: ['probe'],
    async run(endpoint) {
      const { taskId } = newTask()
      await stall(endpoint, taskId, { timeout: 100 }).catch(ignoreNoAnswer)
      await endpoint.handled(taskId, 0)
    },
  },
  {
    id: 'truncated-not-handled',
    level: 'MUST',
    expects: 'does not handle a truncated body, and handles the whole one that follows',
    because: 'a refused callback must not make the next one a duplicate',
    needs: ['probe'],
    async run(endpoint) {
      const { taskId } = newTask()
      const body = sampleBody({ taskId })
      await endpoint.send({ taskId, body: body.slice(0, -20) })
      await endpoint.handled(taskId, 0)
      await endpoint.send({ taskId, body })
      await endpoint.handled(taskId, 1)
    },
  },
  {
    id: 'slow-bodies',
    level: 'MUST',
    expects: `answers a valid callback within 5 s while ${SLOW_BODIES} bodies do not arrive`,
    because: 'anyone with the URL can hold connections open, and results must still get through',
    async run(endpoint) {
      const enough = new AbortController()
      const stalled = Array.from({ length: SLOW_BODIES }, () =>
        stall(endpoint, newTask().taskId, { signal: enough.signal }).catch(ignoreNoAnswer),
      )
      try {
        await sleep(UNDER_WAY)
        const answer = await endpoint.send({}, { timeout: 5_000 })
        if (answer.status !== 200) throw new Unmet(`answered ${told(answer)}`)
      } finally {
        enough.abort()
        await Promise.all(stalled)
      }
      await endpoint.thrives()
    },
  },
  survives(
    {
      id: 'slow-body',
      level: 'SHOULD',
      expects: 'gives up on a body that does not arrive: 408, or the connection closed, within 20 s',
      because: 'connections that wait forever add up until no others get through',
    },
    (endpoint) => cutIsLike(408, stall(endpoint, newTask().taskId, { timeout: PATIENCE })),
  ),
]

/** Sends the first half of a success, and then waits for an answer. */
function stall(endpoint: Endpoint, taskId: string, until: Pick<Exchange, 'timeout' | 'signal'>): Promise<Answer> {
  const body = sampleBody({ taskId })
  return endpoint.send({ taskId }, { body: body.slice(0, body.length / 2), length: Buffer.byteLength(body), ...until })
}

function ignoreNoAnswer(error: unknown): void {
  if (!isLumaError(error, 'ERR_LUMA_NO_ANSWER')) throw error
}
