import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import type { TapRow, TapSchemaRows, TapTableName } from '../../shared/tap-schema/tables.ts'

/** Measured behaviour of Felis, Repertoire and sdm-tools, and the releases it was measured on. */
export const DATA = join(import.meta.dirname, '../../../shared/data')

export const HAS_DATA = existsSync(DATA)

/** For `describe.skipIf`: what is skipped, and why. */
export const NEEDS_DATA = HAS_DATA ? '' : ` (skipped: no golden data in ${DATA})`

/** Tables as the golden files hold them: sorted by primary key, code point order. */
export type GoldenTables = {
  readonly [table in TapTableName]: { readonly columns: readonly string[]; readonly rows: readonly TapRow[] }
}

export function readGolden<T>(path: string): T {
  return JSON.parse(readFileSync(join(DATA, 'golden', path), 'utf8')) as T
}

const FREE_TEXT = /^tap_schema\.\w+ (?:description|unit|utype)$/

/**
 * What Felis wrote, with the one deliberate difference: TAP_SCHEMA's free text is `unicodeChar` in its description of
 * itself, for astropy 5 reads no `char` beyond ASCII.
 */
export function withUnicodeText<Tables extends GoldenTables>(golden: Tables): Tables {
  const { columns, rows } = golden.columns
  const [table, name, datatype] = ['table_name', 'column_name', 'datatype'].map((column) => columns.indexOf(column))
  const changed = rows.map((row) =>
    FREE_TEXT.test(`${row[table!]} ${row[name!]}`) ? row.with(datatype!, 'unicodeChar') : row,
  )
  return { ...golden, columns: { columns, rows: changed } }
}

/** The YAML files of a release, as `readArchive` names them. */
export async function readReleaseFiles(version: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  const archive = readFileSync(join(DATA, 'releases', version, 'schemas.tar.gz'))
  const entries = createGunzip().end(archive).pipe(extract())
  for await (const entry of entries) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    const name = /^sdm_schemas\/python\/lsst\/sdm\/schemas\/(.+\.yaml)$/.exec(entry.header.name)?.[1]
    if (name !== undefined) files.set(name, Buffer.concat(chunks).toString('utf8'))
  }
  return files
}

/** Rows in the order of the golden files. */
export function sortRows(rows: TapSchemaRows): TapSchemaRows {
  return {
    schemas: rows.schemas.toSorted(KEYED.schemas),
    tables: rows.tables.toSorted(KEYED.tables),
    columns: rows.columns.toSorted(KEYED.columns),
    keys: rows.keys.toSorted(KEYED.keys),
    key_columns: rows.key_columns.toSorted(KEYED.key_columns),
  }
}

const KEYED: Readonly<Record<TapTableName, (a: TapRow, b: TapRow) => number>> = {
  schemas: byCells(0),
  tables: byCells(1),
  columns: byCells(0, 1),
  keys: byCells(0),
  // Without a primary key all its cells count.
  key_columns: byCells(0, 1, 2),
}

function byCells(...positions: number[]): (a: TapRow, b: TapRow) => number {
  return (a, b) => {
    for (const position of positions) {
      const order = Buffer.compare(Buffer.from(String(a[position])), Buffer.from(String(b[position])))
      if (order !== 0) return order
    }
    return 0
  }
}
