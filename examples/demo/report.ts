import { styleText } from 'node:util'

/** Where there is no terminal, and where NO_COLOR is set, it leaves a text as it is. */
const paint = (style: Parameters<typeof styleText>[0]) => (text: string) =>
  styleText(style, text, { stream: process.stdout })
const [bold, dim, green, red] = [paint('bold'), paint('dim'), paint('green'), paint('red')]

/** What went otherwise than it should. */
const troubles: string[] = []
/** Of a longer log, this many lines show what it is like. */
const MOST_LINES = 6

export function title(text: string): void {
  console.log(`\n${bold(text)}`)
}

export function say(text: string): void {
  console.log(`    ${text}`)
}

/** Shows what a receiver wrote. */
export function showLog(lines: readonly string[]): void {
  for (const line of lines.slice(0, MOST_LINES)) say(dim(`log: ${line}`))
  if (lines.length > MOST_LINES) say(dim(`log: … and ${lines.length - MOST_LINES} lines more`))
}

export function check(holds: boolean, trouble: string): void {
  if (!holds) troubles.push(trouble)
  say(holds ? green('as it should') : red(`not as it should: ${trouble}`))
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
  console.log(`\n${red('Something went otherwise than it should:')}`)
  for (const trouble of troubles) console.log(`  - ${trouble}`)
  return 1
}

/** Resolves when the condition holds, or after so many milliseconds. */
export async function until(condition: () => boolean, timeout: number): Promise<void> {
  const end = Date.now() + timeout
  while (!condition() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10))
}
