import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Reply {
  status: number
  headers: Headers
  body: { status?: string; error?: string; message?: string }
}

/** Posts a body and reads the answer. */
export async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  const answer = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: answer.startsWith('{') ? JSON.parse(answer) : { message: answer },
  }
}

/** Sends bytes as they are, in as many writes as there are parts, and gives what came back until the other side closed. */
export async function sendRaw(port: number, ...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  // A server that closes while we still write resets the connection; what it had sent before still counts.
  socket.on('error', () => {})
  for (const part of parts) {
    socket.write(part)
    await new Promise(setImmediate)
  }
  return text(socket).catch(() => '')
}

/** Sends bytes as they are, and gives what comes back first, without waiting for the other side to close. */
export async function firstReply(port: number, ...parts: readonly string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('utf8')
  for (const part of parts) socket.write(part)
  const [reply] = (await once(socket, 'data')) as [string]
  socket.destroy()
  return reply
}

/** The head of a POST, ready for {@link sendRaw}. */
export function head(path: string, headers: Record<string, string> | readonly [string, string][]): string {
  const entries = Array.isArray(headers) ? headers : Object.entries(headers)
  const lines = entries.map(([name, value]) => `${name}: ${value}`)
  return `${[`POST ${path} HTTP/1.1`, 'host: localhost', ...lines].join('\r\n')}\r\n\r\n`
}
