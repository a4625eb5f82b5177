import { Command } from 'commander'
import { readFileSync } from 'node:fs'
import { styleText } from 'node:util'
import { addAudit } from './commands/audit.ts'
import { addDownload } from './commands/download.ts'
import { addInbox } from './commands/inbox.ts'
import { addSend } from './commands/send.ts'
import { addSimulate } from './commands/simulate.ts'
import { addSubmit } from './commands/submit.ts'
import { addWait } from './commands/wait.ts'
import type { Finish } from './finish.ts'

/** If the output has no colours, commander removes them. */
const bold = (text: string): string => styleText('bold', text, { validateStream: false })

/** The whole command line. Each command has its own file. */
export function createProgram(finish: Finish): Command {
  const program = new Command('luma-callback')
    .description(
      'The workbench for receivers of Luma callbacks. Only submit and wait need an account; no command needs a tunnel.',
    )
    .version(ownVersion())
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(--help shows all commands and options)')
    .configureHelp({ styleTitle: bold, styleCommandText: bold, styleSubcommandText: bold })
    .addHelpText(
      'after',
      `
Examples:
  $ luma-callback simulate http://localhost:3000/luma-modify-callback --count 20 --duplicates 0.2
  $ luma-callback send http://localhost:3000/luma-modify-callback --fail
  $ luma-callback audit http://localhost:3000/luma-modify-callback
  $ luma-callback inbox list --sqlite luma.db --state dead
  $ luma-callback download --callback callback.json --to videos
  $ luma-callback submit --prompt 'make it snow' --video https://files.example/fox.mp4

Exit codes:
  0    success
  1    failure: a callback was not answered 200, a MUST failed, a file was not saved,
       there is no such entry
  2    the command could not run: the command line is wrong, a file or a server is missing
  130  stopped by Ctrl-C (143 by SIGTERM)

Environment:
  LUMA_WEBHOOK_KEY  the webhook key, instead of --secret, which other users of this machine can see
  LUMA_API_KEY      the API key, instead of --api-key
  LUMA_API_URL      the API, instead of --api
  LUMA_INBOX        the inbox: a file, or a URL of Redis or Postgres
  NO_COLOR          set to anything: no colours`,
    )
  addSend(program, finish)
  addSimulate(program, finish)
  addAudit(program, finish)
  addInbox(program, finish)
  addDownload(program, finish)
  addSubmit(program, finish)
  addWait(program, finish)
  return program
}

function ownVersion(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}
