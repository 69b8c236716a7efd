import type { Field } from '../field.ts'
import type { UploadedTable } from '../uploaded-table.ts'
import { CSV, type DelimitedCell, DelimitedRecords, TSV } from './delimited-records.ts'
import { ColumnType } from './infer-columns.ts'
import { makeColumn } from './make-column.ts'
import { RowWriter } from './row-writer.ts'
import { decoderFor, slice } from './slices.ts'
import type { TableContext } from './table-context.ts'

const DIALECTS = { csv: CSV, tsv: TSV } as const

/** The most that is held in memory. */
const MAX_BYTES = 64 * 1024 * 1024

/**
 * Lines of CSV or TSV, the first of which has the names of the columns. They are read twice: for the types of the
 * columns, then for the rows.
 */
export async function readDelimited(
  bytes: AsyncIterable<Uint8Array>,
  format: 'csv' | 'tsv',
  context: TableContext,
): Promise<UploadedTable> {
  const held: Buffer[] = []
  let count = 0
  for await (const part of slice(bytes, context)) {
    // A copy: what the part is cut from may be large, or used again.
    held.push(Buffer.from(part))
    count += part.length
    if (count > MAX_BYTES) {
      throw context.fault(`it has more than ${MAX_BYTES} bytes of ${format.toUpperCase()}; a VOTable may be larger`)
    }
  }
  const fields = readColumns(held, format, context)
  const columns = fields.map((field) => makeColumn(field))
  return {
    fields,
    sqlTypes: columns.map(({ sqlType }) => sqlType),
    rows: readRows(),
    close: async () => {},
  }

  async function* readRows(): AsyncGenerator<Uint8Array, void, undefined> {
    const rows = new RowWriter(columns, context)
    let isHeader = true
    const parts = splitRecords(held, format, context, (cells) => {
      if (isHeader || isBlank(cells, columns.length)) {
        isHeader = false
        return
      }
      rows.begin()
      for (const cell of cells) addCell(cell, rows)
      rows.finish()
    })
    for (const _ of parts) yield* rows.takeParts()
    yield rows.end()
  }
}

function addCell(cell: DelimitedCell, rows: RowWriter): void {
  if (cell === null) rows.addNull()
  else if (cell === '') rows.addEmpty()
  else rows.addText(cell)
}

/** Reads all records for the names and types of the columns, and checks how many there are. */
function readColumns(held: readonly Buffer[], format: 'csv' | 'tsv', context: TableContext): readonly Field[] {
  const { limits } = context
  let names: readonly string[] | undefined
  const types: ColumnType[] = []
  let row = 0
  const add = (cells: readonly DelimitedCell[]) => {
    if (names === undefined) {
      if (cells.length > limits.columns) throw context.tooManyColumns()
      names = cells.map((cell, index) => cell?.trim() || `col_${index + 1}`)
      types.push(...names.map(() => new ColumnType()))
      return
    }
    if (isBlank(cells, names.length)) return
    row++
    if (row > limits.rows) throw context.tooManyRows()
    if (cells.length !== names.length) {
      const counts = `${cells.length} cells, the header has ${names.length}`
      throw context.fault(`row ${row} has ${counts}; the separator of ${format.toUpperCase()} is ${SEPARATORS[format]}`)
    }
    for (const [index, type] of types.entries()) type.add(cells[index] ?? null)
  }
  for (const _ of splitRecords(held, format, context, add)) {
    // All is done while the records are split.
  }
  if (names === undefined) throw context.fault('it is empty: its first line must have the names of the columns')
  return names.map((name, index) => ({ name, ...types[index]?.type }) as Field)
}

const SEPARATORS = { csv: 'a comma', tsv: 'a tab' } as const

/** Whether a line with nothing on it is none: where there is but one column, it is a NULL. */
function isBlank(cells: readonly DelimitedCell[], columns: number): boolean {
  return columns > 1 && cells.length === 1 && cells[0] === null
}

/** Hands on the records piece by piece, and stops between the pieces. @throws UploadError */
function* splitRecords(
  held: readonly Buffer[],
  format: 'csv' | 'tsv',
  context: TableContext,
  take: (cells: readonly DelimitedCell[]) => void,
): Generator<void, void, undefined> {
  const decoder = decoderFor('utf-8', context)
  let record = 0
  const records = new DelimitedRecords(DIALECTS[format], (cells) => {
    record++
    take(cells)
  })
  const check = (complaint: string | undefined) => {
    if (complaint === undefined) return
    throw context.fault(`${record === 0 ? 'header' : `row ${record}`}: ${complaint}`)
  }
  for (const part of held) {
    check(records.push(decoder.next(part)))
    yield
  }
  check(records.push(decoder.end()))
  check(records.end())
}
