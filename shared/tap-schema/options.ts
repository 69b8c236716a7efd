import { DEFAULT_CONTEXT, type FelisContext } from '../felis/context.ts'

/**
 * How Felis schemas become the rows and tables of one TAP server's TAP_SCHEMA (spec: Felis `load-tap-schema`
 * options, Repertoire's settings).
 */
export interface LoaderOptions {
  /** Appended to the five standard table names; with a postfix, views under the plain names are made as well. */
  readonly postfix: string
  /** Whether the CADC extension columns (`owner_id`, `read_anon`, …) are part of the tables. */
  readonly extensions: boolean
  /** `key_id` = `<schema>_<constraint>` instead of `<constraint>`, so that releases can be served side by side. */
  readonly uniqueKeys: boolean
  /** Automatic arraysize `*` instead of `n*` for string, unicode and binary columns. */
  readonly unboundedArraysize: boolean
  /** Step of the automatic `column_index` of referenced columns (≥ 1); null: the source column's index is kept. */
  readonly columnRefIndexIncrement: number | null
  /** `schema_index` of the first schema of the list, the next ones count on from it; null: no index. */
  readonly firstSchemaIndex: number | null
}

/** Repertoire's settings: what Rubin's TAP services run with today. */
export const DEPLOYED: LoaderOptions = {
  postfix: '11',
  extensions: true,
  uniqueKeys: true,
  unboundedArraysize: true,
  columnRefIndexIncrement: 10,
  firstSchemaIndex: 1,
}

/** Felis's own defaults: `felis load-tap-schema` without options. */
export const PLAIN: LoaderOptions = {
  postfix: '',
  extensions: false,
  uniqueKeys: false,
  unboundedArraysize: false,
  columnRefIndexIncrement: null,
  firstSchemaIndex: null,
}

/** How Felis files are read for a TAP server with these options. */
export function contextOf({ columnRefIndexIncrement, unboundedArraysize }: LoaderOptions): FelisContext {
  return { ...DEFAULT_CONTEXT, columnRefIndexIncrement, unboundedArraysize }
}
