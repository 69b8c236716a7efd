import type { ColumnRow, TableRow } from '../../../shared/adql/tables-from-rows.ts'
import { messageOf } from '../../../shared/failure.ts'
import { fetchLimited } from '../../../shared/platform/fetch-limited.ts'
import { ServiceError } from '../../tap-client/service-error.ts'
import type { Rows } from './catalogue-rows.ts'

const LIMITS = { timeoutMs: 60_000, maxBytes: 200_000_000 }
const MOST_ROWS = '1000000'

const TABLE_COLUMNS = ['table_name', 'schema_name', 'description'] as const
const COLUMN_COLUMNS = [
  'table_name',
  'column_name',
  'datatype',
  'arraysize',
  'xtype',
  'unit',
  'ucd',
  'utype',
  'description',
  'indexed',
] as const

/**
 * What a TAP service's TAP_SCHEMA describes, asked by two synchronous queries for CSV.
 *
 * @throws ServiceError
 */
export async function readServiceTables(base: string): Promise<Rows> {
  const tables = await ask(base, TABLE_COLUMNS, 'tables')
  const columns = await ask(base, COLUMN_COLUMNS, 'columns')
  return {
    tables: tables as unknown as TableRow[],
    columns: columns.map((row) => ({ ...row, indexed: row.indexed === '1' ? 1 : 0 })) as unknown as ColumnRow[],
  }
}

type CsvRow = Readonly<Record<string, string | null>>

async function ask(base: string, names: readonly string[], table: string): Promise<CsvRow[]> {
  const query = `SELECT ${names.join(', ')} FROM TAP_SCHEMA.${table}`
  const parameters = new URLSearchParams({
    LANG: 'ADQL',
    QUERY: query,
    RESPONSEFORMAT: 'csv',
    FORMAT: 'csv',
    MAXREC: MOST_ROWS,
  })
  const url = `${base.replace(/\/+$/, '')}/sync?${parameters}`
  const { status, text } = await fetchLimited(url, { accept: 'text/csv' }, LIMITS).catch((error: unknown) => {
    throw new ServiceError(base, `did not answer: ${messageOf(error)}`, error)
  })
  if (status !== 200) throw new ServiceError(base, `answered ${status} to ${query}`)
  const [header = [], ...rows] = parseCsv(text)
  if (header.map((name) => name.toLowerCase()).join() !== names.join()) {
    throw new ServiceError(base, `answered no CSV of ${names.join(', ')} to ${query}`)
  }
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] || null])))
}

/** Rows of cells (RFC 4180): cells in double quotes may hold commas, line ends and doubled quotes. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\r|\n|$)/y
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text)
    if (match === null) return []
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] === ',') {
      if (cell.lastIndex === text.length) row.push('')
      continue
    }
    rows.push(row)
    row = []
  }
  if (row.length > 0) rows.push(row)
  return rows
}
