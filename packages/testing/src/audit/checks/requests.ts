import { gzipSync } from 'node:zlib'
import { refuses, survives, type Check } from '../check.ts'
import { Unmet } from '../unmet.ts'
import { newTask, type Endpoint } from '../endpoint.ts'
import { sampleBody } from '../../samples.ts'
import type { Answer } from '../exchange.ts'

/** Requests that the provider would not send. */

const BOMB_BYTES = 64 * 1024 * 1024
/** Made only once, on first use, because it takes a moment. */
let bomb: Buffer | undefined

export const requestChecks: readonly Check[] = [
  refuses(
    {
      id: 'method',
      level: 'SHOULD',
      expects: 'answers other methods than POST 405 or 404',
      because: 'crawlers and link previews send GET, and the answer shows that the URL is right',
      with: [404, 405, 501],
    },
    {
      GET: (endpoint) => endpoint.request({ method: 'GET' }),
      HEAD: (endpoint) => endpoint.request({ method: 'HEAD' }),
      PUT: (endpoint) => endpoint.send({}, { method: 'PUT' }),
      PATCH: (endpoint) => endpoint.send({}, { method: 'PATCH' }),
      DELETE: (endpoint) => endpoint.request({ method: 'DELETE' }),
    },
  ),
  {
    id: 'allow',
    level: 'SHOULD',
    expects: 'names POST in the Allow header of a 405',
    because: 'RFC 9110, section 15.5.6',
    async run(endpoint) {
      const { status, headers } = await endpoint.request({ method: 'GET' })
      if (status === 405 && !/\bPOST\b/.test(headers.allow ?? '')) throw new Unmet('answered 405 without it')
    },
  },
  refuses(
    {
      id: 'content-type',
      level: 'SHOULD',
      expects: 'refuses a callback that is not declared application/json: 415 or 400',
      because: 'any web page can make a browser send text/plain and forms to your URL',
      with: [400, 415],
    },
    {
      'text/plain': (endpoint) => typed(endpoint, 'text/plain'),
      'a form': (endpoint) => typed(endpoint, 'application/x-www-form-urlencoded'),
      multipart: (endpoint) => typed(endpoint, 'multipart/form-data; boundary=a'),
      none: (endpoint) => typed(endpoint, ''),
    },
  ),
  refuses(
    {
      id: 'charset',
      level: 'SHOULD',
      expects: 'refuses JSON in UTF-16: 415 or 400',
      because: 'JSON between systems is UTF-8: RFC 8259, section 8.1; a guess may read a different text',
      with: [400, 415],
    },
    (endpoint) =>
      endpoint.send(
        {},
        {
          headers: { 'content-type': 'application/json; charset=utf-16le' },
          body: Buffer.from(sampleBody(), 'utf16le'),
        },
      ),
  ),
  refuses(
    {
      id: 'compressed-bomb',
      level: 'MUST',
      expects: 'refuses 64 kB that unpack to 64 MB',
      because: 'anyone with the URL could fill your memory',
      with: [400, 413, 415],
    },
    (endpoint) => {
      bomb ??= gzipSync(sampleBody({ prompt: 'a'.repeat(BOMB_BYTES) }))
      return endpoint.send({}, { headers: { 'content-encoding': 'gzip' }, body: bomb })
    },
  ),
  survives(
    {
      id: 'encoding',
      level: 'MUST',
      expects: 'answers an unknown or a wrong content encoding with a 4xx',
      because: 'a 5xx or no answer is a fault of the server',
    },
    {
      unknown: (endpoint) => endpoint.send({}, { headers: { 'content-encoding': 'zip' } }),
      'not gzip': (endpoint) => endpoint.send({}, { headers: { 'content-encoding': 'gzip' } }),
    },
  ),
]

/** A success with another content type. */
function typed(endpoint: Endpoint, contentType: string): Promise<Answer> {
  return endpoint.send(newTask(), { headers: { 'content-type': contentType ? contentType : [] } })
}
