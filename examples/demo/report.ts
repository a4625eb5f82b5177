import { styleText } from 'node:util'

/** Where there is no terminal, and where NO_COLOR is set, it leaves a text as it is. */
const paint = (style: Parameters<typeof styleText>[0]) => (text: string) =>
  styleText(style, text, { stream: process.stdout })
const [dim, green, red] = [paint('dim'), paint('green'), paint('red')]

/** What went otherwise than it should. */
const troubles: string[] = []
/** Of a longer log, its end: as much as an error that ended the receiver takes. */
const MOST_LINES = 12

/** Says what happens between two checks. */
export function say(text: string): void {
  console.log(`  ${text}`)
}

/** One thing that the demo looks at. */
export interface Check {
  holds: boolean
  /** A plain sentence that is true if the check holds. */
  sentence: string
  /** What was expected, and what was found. */
  trouble: string
  /** What the receiver wrote meanwhile; it is shown if the check fails. */
  log?: readonly string[]
}

export function check({ holds, sentence, trouble, log = [] }: Check): void {
  if (holds) return console.log(`${green('✓')} ${sentence}`)
  troubles.push(trouble)
  console.log(`${red('✗')} ${sentence}`)
  if (log.length > MOST_LINES) say(dim(`log: … ${log.length - MOST_LINES} lines before these`))
  for (const line of log.slice(-MOST_LINES)) say(dim(`log: ${line}`))
}

/** Notes what ended the demo early. */
export function addTrouble(error: unknown): void {
  troubles.push(error instanceof Error ? error.message : String(error))
}

/** The last words. Returns the exit code. */
export function conclude(success: string): number {
  if (troubles.length === 0) {
    console.log(`\n${green(success)}`)
    return 0
  }
  console.log(`\n${red('Not as it should be:')}`)
  for (const trouble of troubles) console.log(`  - ${trouble}`)
  return 1
}

/** Resolves when the condition holds, or after so many milliseconds. */
export async function until(condition: () => boolean, timeout: number): Promise<void> {
  const end = Date.now() + timeout
  while (!condition() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10))
}
