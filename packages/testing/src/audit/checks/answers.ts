import type { Check } from '../check.ts'
import { Unmet } from '../unmet.ts'
import type { Endpoint } from '../endpoint.ts'

/** Checks of all answers of an audit, for data that must not be shown. They run last. */

const TRACES: Readonly<Record<string, RegExp>> = {
  'a stack trace of JavaScript': /^\s*at .+:\d+:\d+\)?\s*$|&nbsp;at .+:\d+:\d+/m,
  'a stack trace of Python': /Traceback \(most recent call last\)|File "[^"]+", line \d+/,
  'an error of PHP': /(?:Fatal error|Warning|Notice|Deprecated)<?\/?b?>?:.+on line/s,
  'a stack trace of the JVM': /^\s+at [\w.$]+\([\w.]+\.(?:java|kt):\d+\)/m,
  'a stack trace of Go': /^goroutine \d+ \[/m,
  'a path of the machine':
    /(?:\/(?:home|usr|var|srv|root|app|opt)\/|[A-Z]:\\)(?:[\w.-]+[/\\])*[\w.-]+\.(?:[cm]?[jt]s|py|php|rb|go|java)\b/,
}
const MARK = '<script>luma-audit'

export const answerChecks: readonly Check[] = [
  {
    id: 'no-stack-trace',
    level: 'MUST',
    expects: 'shows no stack trace and no path of the machine in any answer',
    because: "they end up in the provider's logs, and help attackers",
    async run({ answers }) {
      for (const [what, pattern] of Object.entries(TRACES)) {
        const shown = answers.find(({ text }) => pattern.test(text))
        if (shown) throw new Unmet(`an answer ${shown.status} shows ${what}`)
      }
    },
  },
  {
    id: 'no-secret',
    level: 'MUST',
    expects: 'shows the secret in no answer',
    because: 'anyone with the secret can forge results',
    needs: ['secret'],
    async run({ answers, secret }) {
      const shown = answers.find(({ text }) => text.includes(secret))
      if (shown) throw new Unmet(`an answer ${shown.status} shows it`)
    },
  },
  {
    id: 'no-echo',
    level: 'SHOULD',
    expects: 'does not repeat the request in an HTML page',
    because: 'such a page runs scripts from the request',
    async run(endpoint) {
      for (const answer of await marked(endpoint)) {
        const isPage = /html/i.test(answer.headers['content-type'] ?? 'html')
        if (isPage && answer.text.includes(MARK)) throw new Unmet(`an answer ${answer.status} repeats it`)
      }
    },
  },
  {
    id: 'no-redirect',
    level: 'MUST',
    expects: 'redirects no request',
    because: 'only a 200 counts, and a redirected POST may arrive as a GET without its body',
    async run({ answers }) {
      const redirect = answers.find(({ status }) => status >= 300 && status < 400)
      if (redirect) throw new Unmet(`answered ${redirect.status} to ${redirect.headers.location ?? 'nowhere'}`)
    },
  },
]

async function marked(endpoint: Endpoint) {
  return [
    await endpoint.send({ msg: MARK, taskId: `${MARK}${Date.now()}` }),
    await endpoint.send({ body: `{"code":${MARK}` }),
    await endpoint.request({ method: 'GET', query: { [MARK]: MARK } }),
  ]
}
