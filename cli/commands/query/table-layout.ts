import { showControls } from '../../../shared/printable.ts'
import { isNumeric, type ShownCell, type VotableField } from '../../../shared/votable/show/votable-field.ts'

export interface TableLayout {
  /** Names, units where there are any, and a line. */
  readonly heading: readonly string[]
  /** A row as a line. */
  format(cells: readonly ShownCell[]): string
  /** Names of columns for which there is no room. */
  readonly hidden: readonly string[]
}

const GAP = '  '
const NULL = 'NULL'
/** On a terminal: what a text may take, and how far it gives way before a column is left out. */
const WIDEST = 40
const NARROWEST = 12

/**
 * How rows stand below each other, found from the first ones. Within a `width` texts are cut first, then columns are left
 * out from the right; numbers are never cut, because they would say something else.
 */
export function layOut(
  fields: readonly VotableField[],
  rows: readonly (readonly ShownCell[])[],
  width: number | undefined,
): TableLayout {
  const columns = fields.map((field, index) => columnOf(field, rows, index, width === undefined ? undefined : WIDEST))
  const shown = width === undefined ? columns : fitInto(columns, width)
  const line = (texts: readonly string[]) => texts.join(GAP).trimEnd()
  const hasUnits = shown.some(({ unit }) => unit !== '')
  return {
    heading: [
      line(shown.map((column) => place(column.name, column))),
      ...(hasUnits ? [line(shown.map((column) => place(column.unit, column)))] : []),
      line(shown.map(({ width: size }) => '-'.repeat(size))),
    ],
    format: (cells) => line(shown.map((column, index) => place(textOf(cells[index] ?? null), column))),
    hidden: fields.slice(shown.length).map(({ name }) => showControls(name)),
  }
}

interface Column {
  readonly name: string
  readonly unit: string
  readonly numeric: boolean
  readonly width: number
  readonly least: number
}

function columnOf(
  field: VotableField,
  rows: readonly (readonly ShownCell[])[],
  index: number,
  widest: number | undefined,
): Column {
  const [name, unit] = [showControls(field.name), showControls(field.unit ?? '')]
  const numeric = isNumeric(field)
  const heading = Math.max(lengthOf(name), lengthOf(unit))
  const natural = rows.reduce((size, row) => Math.max(size, lengthOf(textOf(row[index] ?? null))), heading)
  const width = numeric || widest === undefined ? natural : Math.min(natural, Math.max(widest, heading))
  return { name, unit, numeric, width, least: numeric ? width : Math.min(width, Math.max(NARROWEST, heading)) }
}

function fitInto(columns: readonly Column[], width: number): readonly Column[] {
  let count = columns.length
  while (count > 1 && total(columns.slice(0, count), ({ least }) => least) > width) count -= 1
  const shown = [...columns.slice(0, count)]
  for (let excess = total(shown, (column) => column.width) - width; excess > 0; excess -= 1) {
    const widest = shown.reduce((best, column) => (slackOf(column) > slackOf(best) ? column : best))
    if (slackOf(widest) === 0) break
    shown[shown.indexOf(widest)] = { ...widest, width: widest.width - 1 }
  }
  return shown
}

function slackOf({ width, least }: Column): number {
  return width - least
}

function total(columns: readonly Column[], size: (column: Column) => number): number {
  return columns.reduce((sum, column) => sum + size(column), 0) + GAP.length * (columns.length - 1)
}

function textOf(cell: ShownCell): string {
  return cell === null ? NULL : showControls(cell)
}

function place(text: string, { width, numeric }: Column): string {
  const length = lengthOf(text)
  if (length > width) return numeric ? text : `${[...text].slice(0, width - 1).join('')}…`
  const padding = ' '.repeat(width - length)
  return numeric ? `${padding}${text}` : `${text}${padding}`
}

function lengthOf(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : [...text].length
}
