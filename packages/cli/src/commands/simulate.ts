import { startSimulator, type Simulator, type SimulatorOptions, type SimulatorSummary } from '@luma-callback/testing'
import type { Command } from 'commander'
import { once } from 'node:events'
import { secretOption, toCount, toDuration, toDurations, toNumber, toSpan, toUrl } from '../parse-values.ts'
import { interruption } from '../failure.ts'
import { counted } from '../numbers.ts'
import { paint, print, printJsonLine } from '../output.ts'
import type { Finish } from '../finish.ts'
import { eventLine } from '../simulator-line.ts'

interface SimulateOptions extends SimulatorOptions {
  count: number
  stay?: true
  json?: true
}

/** The default port. It is fixed, so that other programs can be configured once. */
const PORT = 4000

export function addSimulate(program: Command, finish: Finish): void {
  program
    .command('simulate')
    .summary('simulate the provider: its API, its callbacks, its files')
    .description(
      'Starts a server that behaves like the provider, and prints its events. With a URL it submits tasks itself, calls them ' +
        'back at that URL, and then ends. Without a URL it waits for tasks at its API until Ctrl-C.',
    )
    .argument('[url]', 'the receiver to call back', toUrl)
    .option('--count <n>', 'the number of tasks to submit for the URL', toCount(1), 1)
    .option('--stay', 'keep running until Ctrl-C, so that result files can be downloaded')
    .option('--json', 'print each event, and at the end a summary, as one line of JSON')
    .optionsGroup('The server:')
    .option('--port <n>', `the port to listen on (default: ${PORT}, or a free port if a URL is given)`, toCount(0))
    .option('--host <address>', 'the address to listen on (default: 127.0.0.1)')
    .option('--api-key <key>', 'the bearer token of its API (default: simulator-key)')
    .addOption(secretOption('sign the callbacks with this webhook key'))
    .option('--seed <n>', 'the seed of all random decisions, to repeat a run', toCount(0))
    .optionsGroup('Times:')
    .option('--generation-time <time>', 'the time that a task takes: 2s, or 500ms-3s (default: 1s)', toSpan)
    .option('--delivery-timeout <time>', 'the time that a receiver has to answer (default: 15s)', toDuration)
    .option('--retries <n>', 'the number of retries of a failed callback (default: 3)', toCount(0))
    .option('--retry-pause <times>', 'the pauses before the retries (default: 1s,5s,30s)', toDurations)
    .option('--link-lifetime <time>', 'the time that a download link works (default: 20m)', toDuration)
    .option('--file-lifetime <time>', 'the time that result files are kept (default: 14d)', toDuration)
    .optionsGroup('Trouble, as shares from 0 to 1:')
    .option('--failures <share>', 'tasks that fail', toNumber)
    .option('--duplicates <share>', 'tasks that are called back twice', toNumber)
    .option('--contradictions <share>', 'tasks that are called back again with another outcome or other URLs', toNumber)
    .option('--out-of-order <share>', 'callbacks that are sent after those of later tasks', toNumber)
    .option('--slow-bodies <share>', 'callbacks whose body arrives slowly', toNumber)
    .option('--cut-bodies <share>', 'callbacks that break off in the middle', toNumber)
    .option('--expired-urls <share>', 'results whose URL has expired', toNumber)
    .option('--expired-files <share>', 'results that are gone', toNumber)
    .option('--truncated-files <share>', 'results whose download breaks off half-way', toNumber)
    .option('--rate-limited <share>', 'API calls that are answered 429', toNumber)
    .optionsGroup('The account:')
    .option('--credits <n>', 'the number of tasks before it answers 402 (default: no limit)', toCount(0))
    .option('--unavailable <code>', 'answer every task with 455, 500, 501 or 505', toNumber)
    .addHelpText(
      'after',
      `
Examples:
  $ luma-callback simulate
  $ luma-callback simulate http://localhost:3000/luma-modify-callback --count 50 --failures 0.1 --duplicates 0.3
  $ luma-callback simulate --seed 7 --generation-time 2m-20m --rate-limited 0.1

With a URL it exits 0 if every callback was finally answered 200, else 1.`,
    )
    .action(async (url: string | undefined, options: SimulateOptions) => finish(await simulate(url, options)))
}

async function simulate(url: string | undefined, options: SimulateOptions): Promise<number> {
  const { count, stay, json, ...settings } = options
  const signal = interruption()
  const simulator = await startSimulator({
    port: url === undefined ? PORT : 0,
    ...settings,
    observe: (event) => (json ? printJsonLine({ time: new Date(), ...event }) : print(eventLine(new Date(), event))),
  })
  try {
    const { apiKey, seed } = simulator
    if (json) printJsonLine({ type: 'started', url: simulator.url, apiKey, seed })
    else print(greeting(simulator, url !== undefined))
    if (url !== undefined) {
      for (let task = 1; task <= count; task++) simulator.submit({ callBackUrl: url })
      await Promise.race([simulator.idle(), aborted(signal)])
    }
    if (url === undefined || stay) await aborted(signal)
  } finally {
    await simulator.close()
  }
  const summary = simulator.summary()
  if (json) printJsonLine({ type: 'summary', ...summary })
  else print(summaryText(summary))
  // If it waits for Ctrl-C, an interruption is not an error.
  if (url !== undefined && !stay) signal.throwIfAborted()
  return summary.undelivered > 0 && url !== undefined ? 1 : 0
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

function greeting({ url, apiKey, seed }: Simulator, isSubmitting: boolean): string {
  const body = {
    prompt: 'a fox',
    videoUrl: 'https://files.example/fox.mp4',
    callBackUrl: 'http://localhost:3000/luma-modify-callback',
  }
  const curl = `
Submit a task:

  curl ${url}/api/v1/modify/generate \\
    -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' \\
    -d '${JSON.stringify(body)}'

Press Ctrl-C to stop.
`
  return `${paint('bold', `The simulated provider is at ${url}`)}
  API key  ${apiKey}
  seed     ${seed}
${isSubmitting ? '' : curl}`
}

function summaryText(summary: SimulatorSummary): string {
  const { submitted, succeeded, failed, generating, deliveries, retries, duplicates, contradictions } = summary
  const { delivered, undelivered, pending } = summary
  const some = (count: number, what: string) => (count > 0 ? `, ${count} ${what}` : '')
  const ends = `${delivered} delivered${some(undelivered, 'given up')}${some(pending, 'still to come')}`
  const repeats = `${some(retries, 'sent again')}${some(duplicates, 'duplicated')}${some(contradictions, 'contradicted')}`
  return `
${counted(submitted, 'task')}: ${succeeded} succeeded, ${failed} failed${some(generating, 'not finished')}
${counted(deliveries, 'delivery', 'deliveries')}${repeats}
callbacks: ${undelivered > 0 ? paint('red', ends) : paint('green', ends)}`
}
