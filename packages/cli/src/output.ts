import { printable } from '@luma-callback/core/internal'
import { clearLine, cursorTo } from 'node:readline'
import { styleText } from 'node:util'
import { Failure } from './failure.ts'

let isProgressShown = false
let shownAt = 0

/** A text in colour, where standard output is a terminal and NO_COLOR is not set. */
export function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

export function print(text: string): void {
  clearProgress()
  process.stdout.write(`${text}\n`)
}

/** For programs: one document, laid out for people who look at it. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2))
}

/** For programs that read while it goes on: a document a line. */
export function printJsonLine(value: unknown): void {
  print(JSON.stringify(value))
}

/** What went wrong, in one line, and in a second what to do. */
export function printError(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  // The name of the function tells a person at a terminal nothing.
  printNote(
    'error',
    'red',
    message.replace(
      /^(?:auditEndpoint|createClient|postgresInbox|redisInbox|saveResults|saveUrl|sqliteInbox|startSimulator): /,
      '',
    ),
  )
  if (error instanceof Failure && error.hint !== undefined) printHint(error.hint)
}

export function printHint(hint: string): void {
  printNote('hint', 'cyan', hint)
}

function printNote(label: string, style: Parameters<typeof styleText>[0], text: string): void {
  clearProgress()
  process.stderr.write(
    `${styleText(style, `${label}:`, { stream: process.stderr })} ${printable(text, { most: 1_000 })}\n`,
  )
}

/** Milliseconds; nobody reads faster. */
const REDRAW = 50

/** A line that the next one takes the place of, for whoever waits at a terminal. Nothing of it gets into a pipe. */
export function showProgress(text: string): void {
  if (!process.stderr.isTTY || Date.now() - shownAt < REDRAW) return
  clearProgress()
  process.stderr.write(text.slice(0, (process.stderr.columns || 80) - 1))
  isProgressShown = true
  shownAt = Date.now()
}

export function clearProgress(): void {
  if (!isProgressShown) return
  clearLine(process.stderr, 0)
  cursorTo(process.stderr, 0)
  isProgressShown = false
}

/** Rows in columns that are as wide as their widest cell; the last one may be as long as it likes. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
