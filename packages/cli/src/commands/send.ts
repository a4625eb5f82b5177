import { isLumaError, parseCallback } from '@luma-callback/core'
import { printable } from '@luma-callback/core/internal'
import { signedRequest } from '@luma-callback/testing'
import type { Command } from 'commander'
import { secretOption, toCount, toRate, timeoutOption, toUrl } from '../parse-values.ts'
import { deliverAll, type Delivery, type Sample } from '../deliver.ts'
import { Failure, interruption } from '../failure.ts'
import { counted, duration, grouped } from '../numbers.ts'
import { paint, print, printHint, printJsonLine, showProgress } from '../output.ts'
import type { Finish } from '../finish.ts'
import { readInput } from '../read-input.ts'
import { hintFor, tally, tallyLines } from '../tally.ts'

interface SendOptions {
  count: number
  rate?: number
  concurrency: number
  fail?: true
  duplicate: number | true
  secret?: string
  taskId?: string
  file?: string
  timeout: number
  json?: true
}

/** Of more deliveries than these, only those are shown that were not answered 200. */
const SHOW_ALL = 20

export function addSend(program: Command, finish: Finish): void {
  program
    .command('send')
    .summary('send sample callbacks to a receiver')
    .description('Sends callbacks as the provider does, each of a task of its own, and shows what they are answered.')
    .argument('<url>', 'the address that the provider would call', toUrl)
    .option('--count <n>', 'how many tasks are called back', toCount(1), 1)
    .option('--rate <n>', 'how many of them a second at most (default: as fast as they are answered)', toRate)
    .option('--concurrency <n>', 'how many at once at most', toCount(1), 10)
    .option('--fail', 'send failures, not successes')
    .option(
      '--duplicate [n]',
      'send each so many times more, once it was answered; without a number, once',
      toCount(0),
      0,
    )
    .addOption(secretOption('sign them with this webhook key'))
    .option('--task-id <id>', 'the id of the task (default: random ones)')
    .option('--file <path>', 'send what is in this file, as it is; - is the standard input')
    .addOption(timeoutOption('how long to wait for an answer', 15_000))
    .option('--json', 'print each delivery, and at the end a summary, as one line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ luma-callback send http://localhost:3000/luma-modify-callback
  $ luma-callback send http://localhost:3000/luma-modify-callback --count 1000 --rate 50 --duplicate
  $ luma-callback send http://localhost:3000/luma-modify-callback --file callback.json --task-id 17

Exits 0 if every callback was answered 200, else 1.`,
    )
    .action(async (url: string, options: SendOptions) => finish(await send(url, options)))
}

async function send(url: string, options: SendOptions): Promise<number> {
  const { count, json, secret } = options
  const duplicate = Number(options.duplicate)
  const next = await samples(options)
  const signal = interruption()
  const total = count * (1 + duplicate)
  const deliveries: Delivery[] = []

  function onDelivery(delivery: Delivery): void {
    deliveries.push(delivery)
    if (json) printJsonLine({ type: 'delivery', ...delivery })
    else if (total <= SHOW_ALL || delivery.status !== 200) print(lineOf(delivery))
    if (total > 1) showProgress(`${grouped(deliveries.length)} of ${counted(total, 'callback')}`)
  }

  const start = performance.now()
  await deliverAll({ ...options, url, duplicate, next, signal, onDelivery })
  const summary = tally(deliveries, performance.now() - start)
  if (json) printJsonLine({ type: 'summary', ...summary })
  else if (total > 1) print(tallyLines(summary).join('\n'))
  const hint = hintFor(deliveries, { url, isSigned: secret !== undefined })
  if (hint !== undefined) printHint(hint)
  signal.throwIfAborted()
  if (deliveries.every(({ status }) => status === undefined)) return 2
  return summary.answers['200'] === total ? 0 : 1
}

/** Makes one sample after the other: a million of them need no room. */
async function samples({ count, fail, secret, taskId, file }: SendOptions): Promise<() => Sample> {
  if (count > 1 && (taskId !== undefined || file !== undefined)) {
    const hint = `--duplicate ${count - 1} sends the same callback ${count} times`
    throw new Failure('--count is of different tasks, and --task-id or --file name one', { exitCode: 2, hint })
  }
  if (fail && file !== undefined) throw new Failure('--fail says what to send, and so does --file', { exitCode: 2 })
  const bytes = file === undefined ? undefined : await readInput(file)
  const body = bytes?.toString()
  if (body !== undefined && secret !== undefined && (taskId ?? taskIdOf(body)) === undefined) {
    const hint = 'a signature is of a task: give its id as --task-id'
    throw new Failure(`${file} names no task to sign for`, { exitCode: 2, hint })
  }
  return () => {
    const request = signedRequest({
      outcome: fail ? 'failure' : 'success',
      ...(body !== undefined && { body }),
      ...(secret !== undefined && { secret }),
      ...(taskId !== undefined && { taskId }),
    })
    const id = taskId ?? taskIdOf(request.body)
    // What is no text must not become one.
    return { request: { ...request, ...(bytes && { body: bytes }) }, ...(id !== undefined && { taskId: id }) }
  }
}

function taskIdOf(raw: string): string | undefined {
  try {
    return parseCallback({ raw, query: {}, receivedAt: new Date() }).taskId
  } catch (error) {
    return isLumaError(error, 'ERR_LUMA_OTHER_FAMILY') ? error.taskId : undefined
  }
}

function lineOf({ taskId = '(no task id)', kind, status, error = '', answer, duration: took }: Delivery): string {
  const what =
    status === 200 ? paint('green', '200') : paint('red', status === undefined ? 'no answer' : String(status))
  const id = printable(taskId, { most: 64 })
  const again = kind === 'duplicate' ? '  duplicate' : ''
  return `${what}  ${id}${again}  ${paint('dim', duration(took))}  ${printable((error || answer).replaceAll(/\s+/g, ' '))}`.trimEnd()
}
