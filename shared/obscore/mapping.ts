import { createHash } from 'node:crypto'
import { OBSCORE_COLUMNS } from './columns.ts'

export type Scalar = string | number | boolean

/** Units and notations from which values are converted, and the unit of the columns that they fit. */
export const CONVERSIONS = {
  iso8601: 'd',
  'sexagesimal-hours': 'deg',
  'sexagesimal-degrees': 'deg',
  Hz: 'm',
  byte: 'kbyte',
  nm: 'm',
  um: 'm',
  Angstrom: 'm',
  arcmin: 'arcsec',
  'deg-to-arcsec': 'arcsec',
  min: 's',
  h: 's',
} as const

export type Conversion = keyof typeof CONVERSIONS

/** Where the value of one column comes from, in this order: path → map → from → template → default. */
export interface ColumnMapping {
  readonly path: readonly string[] | null
  readonly map: ReadonlyMap<string, Scalar> | null
  readonly from: Conversion | null
  readonly template: string | null
  readonly default: Scalar | null
}

/** The table with the records. */
export interface ObscoreSource {
  readonly schema: string
  readonly table: string
  /** One or two columns that identify a record: Rucio's scope and name. */
  readonly key: readonly string[]
  /** The column with the document; null: the row itself is the document, its columns are the members. */
  readonly document: string | null
}

/** What becomes of a record of the source in `ivoa.obscore`. */
export interface ObscoreMapping {
  readonly source: ObscoreSource
  /** Which documents are published at all; null: every one. */
  readonly when: { readonly path: readonly string[]; readonly in: readonly Scalar[] } | null
  /** Whether a bad value in any column keeps the record out, and not only one in the four mandatory ones. */
  readonly strict: boolean
  /** How regions are written: `stc`: `Polygon ICRS 1 2 …`, `dali`: the numbers alone, of polygons only. */
  readonly regionFormat: 'stc' | 'dali'
  readonly columns: ReadonlyMap<string, ColumnMapping>
}

/** What documents of the SKA have: the key of each column is its name. */
export function sameName(name: string): ColumnMapping {
  return { path: [name], map: null, from: null, template: null, default: null }
}

/** What holds where the environment says nothing: the SKA's documents in the table of Rucio's plugin. */
export const DEFAULT_MAPPING: ObscoreMapping = {
  source: { schema: 'public', table: 'dids', key: ['scope', 'name'], document: 'data' },
  when: null,
  strict: false,
  regionFormat: 'stc',
  columns: new Map(OBSCORE_COLUMNS.map(({ name }) => [name, sameName(name)])),
}

/** Raised by one whenever the SQL that is made of a mapping changes what it does. */
export const SQL_VERSION = 5

/** The sha256 of everything that decides which rows there are: the mapping, and this version's SQL. */
export function identityOf(mapping: ObscoreMapping): string {
  const columns = [...mapping.columns]
    .map(([name, { path, map, from, template, default: usual }]) => {
      const words = map === null ? null : [...map].sort(byKey)
      return [name, [path, words, from, template, usual]] as const
    })
    .sort(byKey)
  const { source, when, strict, regionFormat } = mapping
  const canonical = JSON.stringify([SQL_VERSION, source, when, strict, regionFormat, columns])
  return createHash('sha256').update(canonical).digest('hex')
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
