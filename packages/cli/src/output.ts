import { printable } from '@luma-callback/core/internal'
import { clearLine, cursorTo } from 'node:readline'
import { styleText } from 'node:util'
import { Failure } from './failure.ts'

let isProgressShown = false
let shownAt = 0

/** Colours a text if standard output is a terminal and NO_COLOR is not set. */
export function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

export function print(text: string): void {
  clearProgress()
  process.stdout.write(`${text}\n`)
}

/** Prints one indented JSON document. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2))
}

/** Prints a JSON document on one line, for programs that read a stream of them. */
export function printJsonLine(value: unknown): void {
  print(JSON.stringify(value))
}

/** Prints an error, and its hint on a second line. */
export function printError(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  // The name of the function means nothing to a user of the command line.
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

/** The shortest time between two updates, in milliseconds. */
const REDRAW = 50

/** Shows a progress line, which replaces the last one. It is shown on a terminal only. */
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

/** Aligns rows in columns. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
