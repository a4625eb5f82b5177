import { sign } from '@luma-callback/core'
import { accepts, refuses, type Check, type Expectation } from '../check.ts'
import { told, Unmet } from '../unmet.ts'
import { newTask, type Endpoint } from '../endpoint.ts'
import type { Answer } from '../exchange.ts'

/** Signatures of the provider; see https://docs.kie.ai/common-api/webhook-verification */

const HOUR = 60 * 60
const ANYONE = 'anyone with the URL could forge results'
const REPLAY = 'a recorded signature could be reused forever, with any body'

export const signatureChecks: readonly Check[] = [
  accepts(
    {
      id: 'signature-clock',
      level: 'MUST',
      expects: 'accepts a signature whose time is 60 s off, past or future',
      because: 'clocks differ, and requests take time',
      needs: ['secret'],
    },
    {
      past: (endpoint) => endpoint.send({ timestamp: seconds() - 60 }),
      future: (endpoint) => endpoint.send({ timestamp: seconds() + 60 }),
    },
  ),
  unverified(
    { id: 'signature-missing', expects: 'refuses a callback without a signature: 401', because: ANYONE },
    {
      'no headers': (endpoint) => forge(endpoint, () => ({ 'x-webhook-timestamp': [], 'x-webhook-signature': [] })),
      'no signature': (endpoint) => forge(endpoint, () => ({ 'x-webhook-signature': [] })),
      'no timestamp': (endpoint) => forge(endpoint, () => ({ 'x-webhook-timestamp': [] })),
      'empty headers': (endpoint) => forge(endpoint, () => ({ 'x-webhook-timestamp': '', 'x-webhook-signature': '' })),
    },
  ),
  unverified(
    { id: 'signature-wrong', expects: 'refuses a signature made with another key: 401', because: ANYONE },
    {
      'another key': (endpoint) => forge(endpoint, (taskId) => signature(`${endpoint.secret}x`, taskId)),
      'an empty key': (endpoint) => forge(endpoint, (taskId) => signature('', taskId)),
    },
  ),
  unverified(
    {
      id: 'signature-other-task',
      expects: 'refuses a signature made for another task: 401',
      because: 'one recorded request would be enough to forge results of any task',
    },
    (endpoint) => forge(endpoint, () => signature(endpoint.secret, newTask().taskId)),
  ),
  unverified(
    { id: 'signature-stale', expects: 'refuses a signature from an hour ago: 401', because: REPLAY },
    (endpoint) => endpoint.send({ timestamp: seconds() - HOUR }),
  ),
  unverified(
    { id: 'signature-future', expects: 'refuses a signature from an hour ahead: 401', because: REPLAY },
    (endpoint) => endpoint.send({ timestamp: seconds() + HOUR }),
  ),
  unverified(
    {
      id: 'signature-time-swapped',
      expects: 'refuses an old signature with a new timestamp: 401',
      because: 'if only the header is checked, every old signature is accepted',
    },
    (endpoint) =>
      forge(endpoint, (taskId) => ({
        ...signature(endpoint.secret, taskId, seconds() - HOUR),
        'x-webhook-timestamp': String(seconds()),
      })),
  ),
  unverified(
    {
      id: 'signature-length',
      expects: 'refuses a signature of the wrong length: 401',
      because: 'constant-time comparison throws on it in some languages; a comparison that stops early accepts it',
    },
    {
      'one character': (endpoint) => respell(endpoint, (right) => right.slice(0, 1)),
      'cut short': (endpoint) => respell(endpoint, (right) => right.slice(0, 43)),
      'twice as long': (endpoint) => respell(endpoint, (right) => right + right),
      '4 kB': (endpoint) => respell(endpoint, () => 'A'.repeat(4096)),
    },
  ),
  unverified(
    {
      id: 'signature-spelling',
      expects: 'refuses a signature in another encoding: 401',
      because: 'one signature in several spellings defeats a check that it is used only once',
    },
    {
      hexadecimal: (endpoint) => respell(endpoint, (right) => Buffer.from(right, 'base64').toString('hex')),
      'with a prefix': (endpoint) => respell(endpoint, (right) => `sha256=${right}`),
      'with other padding bits': (endpoint) => respell(endpoint, withOtherPaddingBits),
      'in lower case': (endpoint) => respell(endpoint, (right) => `a${right.toLowerCase().slice(1)}`),
    },
  ),
  unverified(
    {
      id: 'signature-twice',
      expects: 'refuses a signature or timestamp header that is sent twice: 401',
      because: 'a proxy and a server may pick different ones',
    },
    {
      'wrong and right': (endpoint) =>
        double(endpoint, (right) => ({ 'x-webhook-signature': ['A'.repeat(43) + '=', right] })),
      'right and wrong': (endpoint) =>
        double(endpoint, (right) => ({ 'x-webhook-signature': [right, 'A'.repeat(43) + '='] })),
      'two timestamps': (endpoint) =>
        double(endpoint, () => ({ 'x-webhook-timestamp': [String(seconds()), String(seconds() + 1)] })),
    },
  ),
  unverified(
    {
      id: 'timestamp-shape',
      expects: 'refuses a timestamp that is not Unix seconds in digits: 401',
      because: 'a lenient parser reads the year 50000 as now, or "123abc" as 123',
    },
    {
      milliseconds: (endpoint) => stamp(endpoint, String(Date.now())),
      'an exponent': (endpoint) => stamp(endpoint, `${seconds()}e0`),
      'a fraction': (endpoint) => stamp(endpoint, `${seconds()}.0`),
      'a sign': (endpoint) => stamp(endpoint, `+${seconds()}`),
      'text after it': (endpoint) => stamp(endpoint, `${seconds()}abc`),
      'ISO 8601': (endpoint) => stamp(endpoint, new Date().toISOString()),
      '400 digits': (endpoint) => stamp(endpoint, '9'.repeat(400)),
    },
  ),
  unverified(
    {
      id: 'signature-ambiguous',
      expects: 'refuses a signature whose dot is moved from the task id to the timestamp: 401',
      because: 'task "a.1" at "2" and task "a" at "1.2" have the same signature',
    },
    (endpoint) => {
      const { taskId } = newTask()
      const stolen = signature(endpoint.secret, `${taskId}.5`)
      return endpoint.send({ taskId }, { headers: { ...stolen, 'x-webhook-timestamp': `5.${seconds()}` } })
    },
  ),
  {
    id: 'signature-before-body',
    level: 'SHOULD',
    expects: 'refuses a request without signature headers within 2 s, without waiting for its body',
    because: 'a request that will be refused should cost nothing',
    needs: ['secret'],
    async run(endpoint) {
      const headers = { 'content-type': 'application/json' }
      const answer = await endpoint.request({ headers, body: '{', length: 50_000, timeout: 2_000 })
      if (![400, 401, 403].includes(answer.status)) throw new Unmet(`answered ${told(answer)}`)
    },
  },
  {
    id: 'signature-alike',
    level: 'SHOULD',
    expects: 'gives the same answer to a wrong, an old and a missing signature',
    because: 'different answers help an attacker',
    needs: ['secret'],
    async run(endpoint) {
      const answers = [
        await forge(endpoint, (taskId) => signature(`${endpoint.secret}x`, taskId)),
        await endpoint.send({ timestamp: seconds() - HOUR }),
        await forge(endpoint, () => ({ 'x-webhook-signature': [] })),
      ]
      const different = new Set(answers.map(({ status, text }) => `${status} ${text}`))
      if (different.size > 1) throw new Unmet(`the answers are ${answers.map(told).join(', ')}`)
    },
  },
  {
    id: 'forged-not-handled',
    level: 'MUST',
    expects: 'does not handle a forged callback, and handles the real one that follows',
    because: 'a stored forgery makes the real result a duplicate, which is answered 200 and lost',
    needs: ['secret', 'probe'],
    async run(endpoint) {
      const { taskId } = newTask()
      await endpoint.send({ taskId }, { headers: signature(`${endpoint.secret}x`, taskId) })
      await endpoint.handled(taskId, 0)
      await endpoint.send({ taskId })
      await endpoint.handled(taskId, 1)
    },
  },
]

type Headers = Record<string, string | readonly string[]>
type Sendings = Parameters<typeof refuses>[1]

function unverified(expectation: Omit<Expectation, 'level' | 'needs'>, sendings: Sendings): Check {
  return refuses({ ...expectation, level: 'MUST', needs: ['secret'], with: [400, 401, 403] }, sendings)
}

/** A success with these signature headers; an empty list leaves one out. */
function forge(endpoint: Endpoint, headers: (taskId: string) => Headers): Promise<Answer> {
  const { taskId } = newTask()
  return endpoint.send({ taskId }, { headers: headers(taskId) })
}

/** A success with its right signature in another spelling. */
function respell(endpoint: Endpoint, spell: (right: string) => string): Promise<Answer> {
  return forge(endpoint, (taskId) => {
    const right = signature(endpoint.secret, taskId)
    return { ...right, 'x-webhook-signature': spell(right['x-webhook-signature']) }
  })
}

/** A success with its right signature, and a header sent twice. */
function double(endpoint: Endpoint, headers: (right: string) => Headers): Promise<Answer> {
  return forge(endpoint, (taskId) => {
    const right = signature(endpoint.secret, taskId)
    return { ...right, ...headers(right['x-webhook-signature']) }
  })
}

/** A success with this timestamp and the right signature for it. */
function stamp(endpoint: Endpoint, timestamp: string): Promise<Answer> {
  return forge(endpoint, (taskId) => signature(endpoint.secret, taskId, timestamp))
}

function signature(secret: string, taskId: string, timestamp: string | number = seconds()) {
  return { 'x-webhook-timestamp': String(timestamp), 'x-webhook-signature': sign({ taskId, timestamp, secret }) }
}

/** The last character before the padding has two bits that decoding drops. */
function withOtherPaddingBits(right: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const last = alphabet.indexOf(right.charAt(42))
  return `${right.slice(0, 42)}${alphabet.charAt(last ^ 1)}=`
}

function seconds(): number {
  return Math.floor(Date.now() / 1000)
}
