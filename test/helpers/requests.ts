import request, { type Test } from 'supertest'

/** What supertest can send to: a server's URL, or a listener, which it starts for this one request. */
type Target = Parameters<typeof request>[0]

/** A POST as the provider sends it, of a body that may be anything. What is expected of the answer is said by the caller. */
export function post(
  target: Target,
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Test {
  const sent = request(target)
    .post(path)
    .set({ 'content-type': 'application/json', ...headers })
  // Bytes would be written out as the JSON of a Buffer.
  return sent.serialize((bytes) => bytes as string).send(body as string)
}
