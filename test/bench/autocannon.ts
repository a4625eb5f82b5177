import autocannon from 'autocannon'
import type { LoadOptions, Measured } from './load.ts'
import { requestOf } from './tasks.ts'

export async function loadByAutocannon(url: string, { seconds, connections, traffic }: LoadOptions): Promise<Measured> {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: [{ method: 'POST', setupRequest: (request) => ({ ...request, ...requestOf(traffic) }) }],
  })
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} answers were not 200, ${result.errors} requests failed`)
  return { rate: result.requests.average, p50: result.latency.p50, p99: result.latency.p99 }
}
