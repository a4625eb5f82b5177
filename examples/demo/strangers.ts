import { sampleCallback, signedRequest, type SampleRequest } from '@luma-callback/testing'
import type { Receiver } from './receiver.ts'
import { check } from './report.ts'

/** Sends what is not the provider's, or not whole, and looks whether it is refused. */
export async function showStrangers({ url, quiet, takeLines }: Receiver, key: string): Promise<void> {
  const { taskId, raw } = sampleCallback()
  const half = raw.slice(0, raw.length / 2)
  const requests: readonly [what: string, request: SampleRequest, status: number][] = [
    ['A callback that is signed with another key', signedRequest({ secret: 'not-the-key' }), 401],
    ['A callback that is cut off on its way', signedRequest({ secret: key, taskId, body: half }), 400],
  ]
  for (const [what, request, expected] of requests) {
    const { status, text } = await send(url, request)
    await quiet()
    check({
      holds: status === expected,
      sentence: `${what} is refused: ${expected}.`,
      trouble: `${what}: expected ${expected}, got ${status === undefined ? `no answer: ${text}` : `${status} ${text}`}`,
      log: takeLines(),
    })
  }
}

async function send(url: string, request: SampleRequest): Promise<{ status?: number; text: string }> {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(15_000) })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    // fetch says only that it failed; the reason is in the cause.
    const reason = error instanceof Error && error.cause !== undefined ? error.cause : error
    return { text: reason instanceof Error ? reason.message : String(reason) }
  }
}
