import type { TapTableName } from './tables.ts'

/** One row of a TAP_SCHEMA table, in the order of `columnsOf(table, options)`. */
export type TapRow = readonly (string | number | null)[]

/** Everything that a slot's five tables hold, self-description rows included. */
export type TapSchemaRows = { readonly [table in TapTableName]: readonly TapRow[] }
