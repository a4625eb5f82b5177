import { pollResult } from '@luma-callback/client'
import { isLumaError, type LumaCallback } from '@luma-callback/core'
import { printable } from '@luma-callback/core/internal'
import { Option, type Command } from 'commander'
import { addApiOptions, clientFor, explained, type ApiOptions } from '../api.ts'
import { timeoutOption, toDuration } from '../parse-values.ts'
import { Failure, interruption } from '../failure.ts'
import { duration } from '../numbers.ts'
import { paint, print, printHint, showProgress } from '../output.ts'
import type { Finish } from '../finish.ts'

interface Options extends ApiOptions {
  timeout: number
  interval: number
  json?: true
}

/** The provider takes 2 to 20 minutes. */
const PATIENCE = 30 * 60_000

export function addWait(program: Command, finish: Finish): void {
  const command = program
    .command('wait')
    .summary('wait for the result of a task, by asking the API')
    .description('Asks the API until a task is finished, and prints its result. No receiver is needed.')
    .argument('<task-id>', 'the task, as submit printed it')
    .addOption(timeoutOption('how long to wait', PATIENCE))
    .addOption(
      new Option('--interval <time>', 'the pause between requests').argParser(toDuration).default(30_000, '30s'),
    )
    .option('--json', 'print the callback that the provider would send')
  addApiOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ luma-callback wait 774d9a7dd608a0e49293903095e45a4c
  $ luma-callback wait 774d9a7dd608a0e49293903095e45a4c --json | luma-callback download --callback - --to videos

Exits 0 if the task succeeded, 1 if it failed or does not exist, 2 if the result is unknown.`,
    )
    .action(async (taskId: string, options: Options) => finish(await wait(taskId, options)))
}

async function wait(taskId: string, { timeout, interval, json, ...api }: Options): Promise<number> {
  const client = clientFor(api)
  const signal = interruption()
  const startedAt = Date.now()
  const timer = setInterval(() => showProgress(`waiting for ${duration(Date.now() - startedAt)}`), 1_000)
  try {
    const callback = await explained(pollResult(client, taskId, { interval: Math.max(1, interval), timeout, signal }))
    show(callback, json)
    return callback.outcome === 'success' ? 0 : 1
  } catch (error) {
    if (!isLumaError(error, 'ERR_LUMA_WAIT_TIMEOUT')) throw error
    throw new Failure(error.message, { exitCode: 2, hint: 'run the same command again to keep waiting' })
  } finally {
    clearInterval(timer)
  }
}

function show(callback: LumaCallback, json: true | undefined): void {
  if (json) return print(callback.raw)
  const { taskId, outcome } = callback
  if (outcome === 'failure') {
    print(`${paint('red', 'failed')}     ${printable(taskId)}  ${callback.code} ${printable(callback.msg)}`)
    return
  }
  print(`${paint('green', 'succeeded')}  ${printable(taskId)}`)
  for (const url of callback.resultUrls) print(`           ${printable(url, { most: 2_000 })}`)
  if (process.stdout.isTTY) printHint('the URLs expire: save the files with luma-callback download')
}
