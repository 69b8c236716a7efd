/** The optional checks of `felis validate`. */
export type Check = 'description' | 'redundant-datatypes' | 'tap-table-indexes' | 'tap-principal'

/** How schemas are read: the options of Felis's `validate` and `load-tap-schema` that change the schema itself. */
export interface FelisContext {
  /** Missing `@id`s are made from the names. */
  readonly idGeneration: boolean
  /** Step of the automatic `tap:column_index` of referenced columns (≥ 1); null: the source column's index is kept. */
  readonly columnRefIndexIncrement: number | null
  /** Automatic arraysize `*` instead of `n*` for string, unicode and binary columns. */
  readonly unboundedArraysize: boolean
  readonly checks: ReadonlySet<Check>
}

/** Felis's own defaults. */
export const DEFAULT_CONTEXT: FelisContext = {
  idGeneration: true,
  columnRefIndexIncrement: null,
  unboundedArraysize: false,
  checks: new Set(),
}
