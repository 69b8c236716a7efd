import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AdqlErrorKind } from '../../shared/adql/error.ts'
import { TableSet } from '../../shared/adql/table-set.ts'
import { type ColumnRow, type TableRow, tablesFromRows } from '../../shared/adql/tables-from-rows.ts'
import { DATA, HAS_DATA } from './golden.ts'

const FOLDER = join(DATA, 'adql/execution')

/** A query on the small sky and what it answers, as the README beside it describes it. */
export interface SkyCase {
  readonly id: string
  readonly adql: string
  readonly expect: SkyAnswer | SkyError
  readonly tolerance?: number
  readonly relative?: boolean
  readonly needs?: readonly string[]
}

export interface SkyAnswer {
  readonly error?: undefined
  readonly columns: readonly SkyColumn[]
  readonly rows?: readonly (readonly unknown[])[]
  readonly rowsUnordered?: readonly (readonly unknown[])[]
}

export interface SkyColumn {
  readonly name?: string | null
  readonly datatype?: string | readonly string[]
  readonly arraysize?: string | null
  readonly xtype?: string | null
  readonly unit?: string | null
  readonly ucd?: string | null
}

export interface SkyError {
  readonly error: {
    readonly kind: SkyErrorKind | readonly SkyErrorKind[]
    readonly position?: { readonly offset: number; readonly length: number }
    readonly suggest?: readonly string[]
    readonly mayAccept?: boolean
  }
}

type SkyErrorKind = AdqlErrorKind | 'execution'

export function readSkyCases(): SkyCase[] {
  if (!HAS_DATA) return []
  const files = readdirSync(FOLDER).filter((name) => name.startsWith('cases-'))
  return files.flatMap((name) => readJson<SkyCase[]>(name))
}

export function readSkyTables(): TableSet {
  const { tables, columns } = readJson<{ tables: TableRow[]; columns: ColumnRow[] }>('tap-schema.json')
  return new TableSet(tablesFromRows(tables, columns))
}

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as T
}
