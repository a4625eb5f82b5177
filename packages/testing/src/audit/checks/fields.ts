import { randomTaskId } from '../../samples.ts'
import { answers, refuses, survives, type Check } from '../check.ts'

/** Hostile task ids and result URLs. An attacker with the secret can send them; without a secret, anyone can. */

const LONG = 1024 * 1024

export const fieldChecks: readonly Check[] = [
  survives(
    {
      id: 'task-id-path',
      level: 'MUST',
      expects: 'is not harmed by path separators in a task id',
      because: 'the sample code of the provider uses it as a file name, so the sender chooses where it writes',
    },
    Object.fromEntries(
      ['../../../tmp/luma-audit-', '/tmp/luma-audit-', '..\\..\\luma-audit-', 'a/b/c/'].map((start) => [
        start,
        (endpoint) => endpoint.send({ taskId: `${start}${randomTaskId()}` }),
      ]),
    ),
  ),
  refuses(
    {
      id: 'task-id-control',
      level: 'MUST',
      expects: 'refuses a task id with control characters: 400',
      because: 'NUL truncates names and fails in databases; line breaks fake log lines',
      with: [400, 401, 422],
    },
    {
      NUL: (endpoint) => endpoint.send({ taskId: `${randomTaskId()}\0.txt` }),
      'a line break': (endpoint) => endpoint.send({ taskId: `${randomTaskId()}\r\n[info] all is well` }),
      'an escape': (endpoint) => endpoint.send({ taskId: `${randomTaskId()}\u001b[2J` }),
    },
  ),
  refuses(
    {
      id: 'task-id-long',
      level: 'MUST',
      expects: 'refuses a task id of a megabyte: 400 or 413',
      because: 'it is stored for a long time, and is too long for a database index',
      with: [400, 401, 413, 422],
    },
    (endpoint) => endpoint.send({ taskId: randomTaskId().repeat(LONG / 32) }),
  ),
  refuses(
    {
      id: 'task-id-surrogate',
      level: 'SHOULD',
      expects: 'refuses a task id that is not well-formed: 400',
      because: 'a lone surrogate has no UTF-8 form, so 2,048 different ids share one signature and one key in a store',
      with: [400, 401, 422],
    },
    (endpoint) => endpoint.send({ taskId: `${randomTaskId()}\ud800` }),
  ),
  survives(
    {
      id: 'task-id-odd',
      level: 'MUST',
      expects: 'is not harmed by quotes, other scripts and special names in a task id',
      because: 'they end up in queries, pages, file names and objects',
    },
    Object.fromEntries(
      [`'; DROP TABLE tasks; --`, '<script>alert(1)', '🦊 e\u0301', '__proto__', 'constructor', '%00', '$(id)'].map(
        (end) => [end, (endpoint) => endpoint.send({ taskId: `${randomTaskId().slice(0, 8)}${end}` })],
      ),
    ),
  ),
  answers(
    {
      id: 'hostile-urls',
      level: 'MUST',
      expects: 'is not harmed by result URLs that are not http(s) or point into a private network',
      because: 'they are not signed: fetched without a check, they can read your files and cloud credentials',
    },
    Object.fromEntries(
      [
        'file:///etc/passwd',
        'javascript:alert(1)',
        'http://169.254.169.254/latest/meta-data/',
        'http://[::1]:1/',
        '',
      ].map((url) => [url || 'empty', (endpoint) => endpoint.send({ resultUrls: [url] })]),
    ),
  ),
  survives(
    {
      id: 'result-types',
      level: 'MUST',
      expects: 'is not harmed by resultUrls of another type',
      because: 'after a 5xx it is sent three more times, and a crash loses other callbacks',
    },
    Object.fromEntries(
      ['"https://files.example/a.mp4"', '{"0":"a"}', '[1,null,{}]', 'false'].map((value) => [
        value,
        (endpoint) => {
          const taskId = randomTaskId()
          return endpoint.send({
            taskId,
            body: `{"code":200,"msg":"","data":{"taskId":"${taskId}","resultUrls":${value}}}`,
          })
        },
      ]),
    ),
  ),
  answers(
    {
      id: 'many-results',
      level: 'MUST',
      expects: 'is not harmed by 1,000 result URLs',
      because: 'downloading all at once is an attack on another host from your address',
    },
    (endpoint) => endpoint.send({ resultUrls: endpoint.resultUrls(1_000) }),
  ),
]
