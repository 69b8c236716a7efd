import { showControls } from '../../shared/printable.ts'

export type TableCell = string | number | null

export interface TableOptions {
  /** The widest line; cells of the widest columns are shortened to fit. undefined: nothing is shortened. */
  readonly width?: number | undefined
}

/** What a line of stdout holds; undefined where it is no terminal, or one that does not know. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : undefined
}

const GAP = '  '
const NARROWEST = 8

/** Lines of aligned columns under a heading, numbers to the right; null is an empty cell. */
export function formatTable(
  columns: readonly string[],
  rows: readonly (readonly TableCell[])[],
  options: TableOptions = {},
): string[] {
  const texts = rows.map((row) => row.map((cell) => (cell === null ? '' : showControls(String(cell)))))
  const natural = columns.map((name, index) => widest(name, texts, index))
  const widths = options.width === undefined ? natural : fitWidths(natural, options.width)
  const numeric = columns.map(
    (_, index) => rows.length > 0 && rows.every((row) => typeof (row[index] ?? 0) === 'number'),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => place(cell, widths[index] ?? 0, numeric[index] ?? false))
      .join(GAP)
      .trimEnd()
  return [line(columns), line(widths.map((width) => '-'.repeat(width))), ...texts.map(line)]
}

function widest(name: string, texts: readonly (readonly string[])[], index: number): number {
  let width = lengthOf(name)
  for (const row of texts) width = Math.max(width, lengthOf(row[index] ?? ''))
  return width
}

/** Takes from the widest column until the line fits; columns stay wide enough to be told apart. */
function fitWidths(natural: readonly number[], width: number): readonly number[] {
  const widths = [...natural]
  let excess = widths.reduce((sum, column) => sum + column, 0) + GAP.length * (widths.length - 1) - width
  while (excess > 0) {
    const largest = Math.max(...widths)
    if (largest <= NARROWEST) break
    widths[widths.indexOf(largest)] = largest - 1
    excess -= 1
  }
  return widths
}

function place(cell: string, width: number, right: boolean): string {
  const characters = [...cell]
  if (characters.length > width) return `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
  const padding = ' '.repeat(width - characters.length)
  return right ? `${padding}${cell}` : `${cell}${padding}`
}

function lengthOf(text: string): number {
  return [...text].length
}
