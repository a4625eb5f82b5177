import type { DeliveryState, DurableInbox, InboxEntry } from '@luma-callback/core'
import { Option, type Command } from 'commander'
import { toCount } from '../parse-values.ts'
import { Failure } from '../failure.ts'
import { entryText, listText } from '../inbox-text.ts'
import { counted, grouped } from '../numbers.ts'
import { print, printHint, printJson, table } from '../output.ts'
import { openInbox, type Engine } from '../open-inbox.ts'
import type { Finish } from '../finish.ts'

const STATES: readonly DeliveryState[] = ['pending', 'running', 'done', 'dead']

type Options<More = object> = Engine & More & { json?: true }

export function addInbox(program: Command, finish: Finish): void {
  const inbox = program
    .command('inbox')
    .summary('inspect a durable inbox, and requeue dead callbacks')
    .description(
      'Inspects the inbox of a receiver, also while the receiver runs. A callback is pending, running, done, or dead. A dead ' +
        'one has failed for good, and waits to be requeued.',
    )

  const command = (name: string, description: string) =>
    inbox
      .command(name)
      .description(description)
      .addOption(new Option('--sqlite <file>', 'the inbox is this file').conflicts(['redis', 'postgres']))
      .addOption(new Option('--redis <url>', 'the inbox is in this Redis').conflicts('postgres'))
      .option('--prefix <prefix>', 'the option prefix of redisInbox')
      .option('--postgres <url>', 'the inbox is in this Postgres database')
      .option('--schema <schema>', 'the option schema of postgresInbox')
      .option('--json', 'print JSON')

  command('list', 'Lists callbacks, a page at a time.')
    .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
    .option('--limit <n>', 'the number of callbacks, at most 1000', toCount(1), 20)
    .option('--cursor <cursor>', 'start after the last page')
    .action(withInbox(list))

  command('show', 'Shows one callback with all its data.')
    .argument('<key>', 'its key, as list shows it: TASK-ID:success or TASK-ID:failure')
    .action((key: string, options: Options) => withInbox((opened) => show(opened, key, options))(options))

  command('requeue', 'Gives dead callbacks a new set of attempts; the receiver runs their hooks within a second.')
    .argument('[key]', 'the callback')
    .option('--all', 'all dead callbacks')
    .action((key: string | undefined, options: Options<{ all?: true }>) =>
      withInbox((opened) => requeue(opened, key, options))(options),
    )

  command('stats', 'Counts the callbacks in each state, and the keys that are remembered.').action(withInbox(stats))

  command('purge', 'Deletes the content of done callbacks. The keys stay, so duplicates are still detected.').action(
    withInbox(purge),
  )

  function withInbox<Given extends Options>(use: (opened: DurableInbox, options: Given) => Promise<number>) {
    return async (options: Given): Promise<void> => {
      const opened = await openInbox(options)
      try {
        finish(await use(opened, options))
      } finally {
        await opened.close({ timeout: 0 })
      }
    }
  }
}

type ListOptions = Options<{ state?: DeliveryState; limit: number; cursor?: string }>

async function list(inbox: DurableInbox, { state, limit, cursor, json }: ListOptions): Promise<number> {
  const page = await inbox.list({ state, limit, cursor })
  if (json) {
    printJson(page)
    return 0
  }
  if (page.entries.length === 0) print(state === undefined ? 'nothing is kept here' : `nothing is ${state}`)
  else print(listText(page.entries))
  if (page.cursor !== undefined) printHint(`there are more: --cursor ${page.cursor}`)
  return 0
}

async function show(inbox: DurableInbox, key: string, { json }: Options): Promise<number> {
  const entry = await find(inbox, key)
  if (json) printJson(entry)
  else print(entryText(entry))
  return 0
}

async function requeue(inbox: DurableInbox, key: string | undefined, { all, json }: Options<{ all?: true }>) {
  if ((key === undefined) === (all === undefined)) {
    throw new Failure('name one callback by its key, or --all that are dead', { exitCode: 2 })
  }
  if (key !== undefined) {
    const { state } = await find(inbox, key)
    if (state !== 'dead') throw new Failure(`${key} is ${state}; only what is dead can be requeued`, { exitCode: 1 })
  }
  const requeued = await inbox.requeue(key)
  if (json) printJson({ requeued })
  else print(`${counted(requeued, 'callback')} pending again`)
  return 0
}

async function stats(inbox: DurableInbox, { json }: Options): Promise<number> {
  const counts = await inbox.stats()
  if (json) printJson(counts)
  else print(table([...STATES, 'seen' as const].map((name) => [name, grouped(counts[name])])).join('\n'))
  return 0
}

async function purge(inbox: DurableInbox, { json }: Options): Promise<number> {
  const purged = await inbox.purge()
  if (json) printJson({ purged })
  else print(`the content of ${counted(purged, 'callback')} that was done is gone`)
  return 0
}

async function find(inbox: DurableInbox, key: string): Promise<InboxEntry> {
  const entry = await inbox.get(key)
  if (entry) return entry
  const hint = key.includes(':') ? 'list shows the keys' : `a key is a task id with its outcome, such as ${key}:success`
  throw new Failure(`there is no callback ${key} in this inbox`, { exitCode: 1, hint })
}
