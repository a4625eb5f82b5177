import type { IncomingMessage } from 'node:http'

/** The text of a body, `too large` if it exceeds the limit, or `broken off` if the connection broke. */
export type Body = { text: string } | 'too large' | 'broken off'

/** Reads a request's body up to `limit` bytes. Never rejects, and always settles. */
export function readBody(request: IncomingMessage, limit: number): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    if (Number(request.headers['content-length']) > limit) return resolve('too large')
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) {
        request.pause()
        return resolve('too large')
      }
      chunks.push(chunk)
    })
    request.on('end', () => resolve({ text: Buffer.concat(chunks).toString() }))
    request.on('error', () => resolve('broken off'))
    request.on('close', () => resolve('broken off'))
  })
}
