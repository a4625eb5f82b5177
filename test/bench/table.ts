import { cpus } from 'node:os'

type Row = readonly string[]
interface TableOptions {
  markdown: boolean
}

/** Characters that most figures fit into, with their units. */
const USUAL_WIDTH = 9

/** What it was measured on, and how. */
export function printHeader(...how: string[]): void {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processors'}`
  console.log(`${[`Node ${process.version} on ${machine}`, ...how].join(', ')}\n`)
}

/** A line each, or a table in Markdown; the first column to the left, figures to the right. */
export function printTable(head: Row, rows: readonly Row[], options: TableOptions): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const printRow = beginTable(head, options, widths)
  for (const row of rows) printRow(row)
}

/** Prints the head, and gives what prints a row, for tables that take long to fill. */
export function beginTable(
  head: Row,
  { markdown }: TableOptions,
  widths: readonly number[] = head.map((title) => Math.max(title.length, USUAL_WIDTH)),
): (row: Row) => void {
  const pad = (row: Row): string[] =>
    widths.map((width, column) => {
      const cell = row[column] ?? ''
      return column === 0 ? cell.padEnd(width) : cell.padStart(width)
    })
  const print = (row: Row): void =>
    console.log(markdown ? `| ${pad(row).join(' | ')} |` : pad(row).join('  ').trimEnd())
  print(head)
  if (markdown) print(widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)))
  return print
}
