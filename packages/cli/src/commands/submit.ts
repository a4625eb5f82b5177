import type { Command } from 'commander'
import { addApiOptions, clientFor, explained, type ApiOptions } from '../api.ts'
import { toUrl } from '../parse-values.ts'
import { interruption } from '../failure.ts'
import { print, printHint, printJson } from '../output.ts'
import type { Finish } from '../finish.ts'

interface Options extends ApiOptions {
  prompt: string
  video: string
  callbackUrl?: string
  watermark?: string
  json?: true
}

export function addSubmit(program: Command, finish: Finish): void {
  const command = program
    .command('submit')
    .summary('submit a task, which costs credits')
    .description('Submits a task to the API, which costs credits, and prints its id.')
    .requiredOption('--prompt <text>', 'how to change the video, in English')
    .requiredOption('--video <url>', 'the public URL of the original: MP4, MOV or AVI', toUrl)
    .option('--callback-url <url>', 'the public URL of the receiver', toUrl)
    .option('--watermark <text>', 'a watermark')
    .option('--json', 'print JSON')
  addApiOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ luma-callback submit --prompt 'make it snow' --video https://files.example/fox.mp4
  $ luma-callback wait $(luma-callback submit --prompt 'make it snow' --video https://files.example/fox.mp4)

Exits 0 if the API accepted the task, 1 if it refused, else 2.`,
    )
    .action(async (options: Options) => finish(await submit(options)))
}

async function submit({ prompt, video, callbackUrl, watermark, json, ...api }: Options): Promise<number> {
  const request = { prompt, videoUrl: video, callBackUrl: callbackUrl, watermark }
  const { taskId } = await explained(clientFor(api).modify(request, { signal: interruption() }))
  if (json) printJson({ taskId })
  else print(taskId)
  if (!json && process.stdout.isTTY) printHint(`luma-callback wait ${taskId} waits for its result`)
  return 0
}
