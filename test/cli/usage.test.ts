import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT, startCommand } from '../helpers/child.ts'
import { CLI, run } from '../helpers/cli.ts'
import { listen } from '../helpers/servers.ts'
import { startTarget } from '../helpers/simulator.ts'

const COMMANDS = [
  ['send'],
  ['simulate'],
  ['audit'],
  ['inbox'],
  ['inbox', 'list'],
  ['inbox', 'show'],
  ['inbox', 'requeue'],
  ['inbox', 'stats'],
  ['inbox', 'purge'],
]

describe('--help', () => {
  test('names every command, with examples, exit codes and the environment', async () => {
    const { code, stdout, stderr } = await run(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const [name = ''] of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
    for (const part of ['Examples:', 'Exit codes:', 'LUMA_WEBHOOK_KEY', 'LUMA_INBOX', 'NO_COLOR']) {
      expect(stdout).toContain(part)
    }
  })

  test.each(COMMANDS)('of %s %s tells what it does and what it takes', async (...command) => {
    const { code, stdout } = await run([...command, '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^Usage: luma-callback ${command.join(' ')} \\[options\\]`))
    if (command.join(' ') !== 'inbox') expect(stdout).toMatch(/^ {2}--json/m)
  })

  test('names options that there are in every example', async () => {
    for (const name of ['send', 'simulate', 'audit']) {
      const { stdout } = await run([name, '--help'])
      const [options = '', examples = ''] = stdout.split('Examples:')
      const used = [...examples.matchAll(/ (--[\w-]+)/g)].map(([, option = '']) => option)
      for (const option of used) expect(options).toContain(`  ${option} `)
    }
  })
})

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'packages/cli/package.json'), 'utf8')) as { version: string }
  expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
})

describe('a command line that is wrong', () => {
  test.each<[args: string[], says: RegExp]>([
    [[], /^Usage: luma-callback/],
    [['sned'], /unknown command 'sned'\n\(Did you mean send\?\)/],
    [['send'], /missing required argument 'url'/],
    [['send', 'localhost:3000'], /must be an http or https URL, such as http:\/\/localhost:3000\/luma-modify-callback/],
    [['send', 'file:///etc/passwd'], /must be an http or https URL/],
    [['send', 'http://x', 'http://y'], /too many arguments/],
    [['send', 'http://x', '--cuont', '2'], /unknown option '--cuont'\n\(Did you mean --count\?\)/],
    [['send', 'http://x', '--count', '0'], /must be an integer of at least 1/],
    [['send', 'http://x', '--count', '1.5'], /must be an integer of at least 1/],
    [['send', 'http://x', '--count', '1e3'], /must be a number/],
    [['send', 'http://x', '--rate', '0'], /must be a number above 0/],
    [['send', 'http://x', '--timeout', 'soon'], /must be a time, such as 250ms/],
    [['send', 'http://x', '--timeout', '5y'], /must be a time, such as 250ms/],
    [['send', 'http://x', '--timeout', '30d'], /must be from 1ms to 24d/],
    [['send', 'http://x', '--secret', ' key'], /must not have white space around it/],
    [['send', 'http://x', '--task-id', 'a', '--count', '3'], /hint: --duplicate 2 sends the same callback 3 times/],
    [['send', 'http://x', '--file', 'a', '--fail'], /--fail says what to send, and so does --file/],
    [['send', 'http://x', '--file', '/no/such/file'], /error: \/no\/such\/file cannot be read: ENOENT/],
    [['simulate', '--failures', '2'], /"failures" must be a number from 0 to 1/],
    [['simulate', '--failures', 'often'], /must be a number/],
    [['simulate', '--generation-time', '1s-2s-3s'], /two with a hyphen between them: 500ms-2s/],
    [['simulate', '--generation-time', '2s-1s'], /"generationTime" must be .* the lesser first/],
    [['simulate', '--retry-pause', '1s,,2s'], /must be a time/],
    [['simulate', '--unavailable', '404'], /"unavailable" must be 455, 500, 501 or 505/],
    [['audit', 'http://x', '--json', '--markdown'], /'--markdown' cannot be used with option '--json'/],
    [
      ['audit', 'http://x', '--only', 'success,nothing'],
      /"only" must be a list of the ids of checks, but its entry 2 is not one/,
    ],
    [['inbox', 'list'], /name the inbox: --sqlite FILE, --redis URL or --postgres URL, or LUMA_INBOX/],
    [
      ['inbox', 'list', '--sqlite', 'x', '--redis', 'redis://x'],
      /'--sqlite <file>' cannot be used with option '--redis/,
    ],
    [['inbox', 'list', '--redis', '127.0.0.1'], /error: give it a URL that begins with redis:\/\//],
    [
      ['inbox', 'list', '--redis', 'redis://:hidden@127.0.0.1:1'],
      /^error: the inbox on Redis could not be asked for a list: connect ECONNREFUSED 127.0.0.1:1\n$/,
    ],
    [['inbox', 'list', '--sqlite', ''], /name the inbox: --sqlite FILE, --redis URL or --postgres URL, or LUMA_INBOX/],
    [['inbox', 'list', '--sqlite', 'x', '--state', 'lost'], /Allowed choices are pending, running, done, dead/],
    [['inbox', 'requeue', '--sqlite', 'x'], /there is no file x/],
  ])('%j exits 2 and says what is wrong, without a stack', async (args, says) => {
    const { code, stdout, stderr } = await run(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(says)
    expect(stderr).not.toMatch(/^ {4}at /m)
  })
})

describe('colours', () => {
  const escape = '\u001B'
  const send = async (env: Record<string, string>) => (await run(['send', (await startTarget()).url], { env })).stdout

  test('stay out of a pipe', async () => {
    expect(await send({})).not.toContain(escape)
  })

  test('are there where they are wanted, and NO_COLOR takes them away', async () => {
    expect(await send({ FORCE_COLOR: '1' })).toContain(escape)
    expect(await send({ NO_COLOR: '1' })).not.toContain(escape)
  })
})

const hasTerminal = spawnSync('script', ['--version']).status === 0
const reason = hasTerminal ? '' : ' (left out: it needs the program script of util-linux)'

describe.skipIf(!hasTerminal)(`on a terminal${reason}`, () => {
  const onTerminal = async (args: readonly string[], env: Record<string, string> = {}) => {
    const command = [process.execPath, CLI, ...args].map((arg) => `'${arg}'`).join(' ')
    // What tests are run with says nothing about colours here: a build machine has no terminal, or one without colours.
    const terminal = 'env -u NO_COLOR -u FORCE_COLOR -u NODE_DISABLE_COLORS -u CI TERM=xterm-256color'
    const child = startCommand('script', ['-qec', `${terminal} ${command}`, '/dev/null'], env)
    await child.ended
    return child.output()
  }

  test('progress is shown in a line that is taken away again, and colours', async () => {
    const { url } = await startTarget((response) => setTimeout(() => response.end(), 20))
    const output = await onTerminal(['send', url, '--count', '30'])
    expect(output).toMatch(/\d+ of 30 callbacks/)
    expect(output).toContain('callbacks\u001B[2K')
    expect(output).toContain('\u001B[32m')
  })

  test('a program that reads the output gets no progress in it', async () => {
    const { url } = await startTarget((response) => setTimeout(() => response.end(), 20))
    const { stdout, stderr } = await run(['send', url, '--count', '30', '--json'])
    expect(stderr).toBe('')
    expect(stdout).not.toContain('30 callbacks')
  })
})

test('a reader that goes away ends it without a word', async () => {
  const { url } = await startTarget()
  const line = `'${process.execPath}' ${CLI} send ${url} --count 5000 --json | head -n 1; echo "ended \${PIPESTATUS[0]}"`
  const shell = startCommand('bash', ['-c', line])
  expect(await shell.ended).toBe(0)
  expect(shell.output()).toMatch(/^\{"type":"delivery".*\}\nended 141\n$/)
})

test('the key is taken from the environment, and never shown', async () => {
  const target = await startTarget((response) => response.writeHead(401).end('no'))
  const { url } = await listen(createServer((_request, response) => response.destroy()))
  const env = { LUMA_WEBHOOK_KEY: 'whk_not_to_be_seen' }
  const ended = await Promise.all([
    run(['send', target.url], { env }),
    run(['send', url], { env }),
    run(['audit', target.url, '--only', 'signature-wrong'], { env }),
    run(['send', 'http://x', '--timeout', 'x', '--secret', 'whk_not_to_be_seen']),
    run(['simulate', target.url, '--retries', '0', '--generation-time', '0', '--json'], { env }),
  ])
  expect(target.arrived[0]?.headers).toHaveProperty('x-webhook-signature')
  for (const { stdout, stderr } of ended) expect(stdout + stderr).not.toContain('whk_not_to_be_seen')
  expect(ended[0]?.stderr).toBe('hint: does the receiver have the same key?\n')
})
