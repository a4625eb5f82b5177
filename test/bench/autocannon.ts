import autocannon from 'autocannon'
import type { LoadOptions, Measured } from './load.ts'
import { BODY, newTask, now } from './tasks.ts'

export async function loadByAutocannon(url: string, { seconds, connections }: LoadOptions): Promise<Measured> {
  const timestamp = now()
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: [
      {
        method: 'POST',
        setupRequest(request) {
          const { taskId, signature } = newTask(timestamp)
          const body = BODY.before + taskId + BODY.after
          const headers = {
            'content-type': 'application/json',
            'x-webhook-timestamp': timestamp,
            'x-webhook-signature': signature,
          }
          return { ...request, body, headers }
        },
      },
    ],
  })
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} answers were not 200, ${result.errors} requests failed`)
  return { rate: result.requests.average, p50: result.latency.p50, p99: result.latency.p99 }
}
