import type { Check } from '../../../shared/felis/context.ts'

/** A small input and what Felis 30 answered to it when it was run; found by comparing both on many mutated files. */
export interface ParityCase {
  readonly name: string
  readonly yaml: string
  /** Paths of the problems that Felis reports; none: it accepts the file. `null`: it stops with a traceback. */
  readonly felis: readonly string[] | null
  /** Paths of what we report beyond that. */
  readonly beyond?: readonly string[]
  readonly checks?: readonly Check[]
  readonly idGeneration?: boolean
}

/** How Felis calls a column in the path of a union. */
export const COLUMN =
  'function-after[check_votable_xtype(), function-after[check_precision(), function-after[check_redundant_datatypes(), function-after[check_units(), function-after[check_value(), function-after[check_description(), Column]]]]]]'

/** Longer than what messages quote. */
export const LONG = 'a key of more than eighty characters, which is still shown from its beginning to its end'

export function schema(rest: string): string {
  return `name: s\n${rest}\n`
}

export function table(fields: string): string {
  return schema(`tables: [{name: t, ${fields}}]`)
}

/** One integer column with further fields. */
export function column(fields: string): string {
  return table(`columns: [{name: c, datatype: int, ${fields}}]`)
}

export function group(fields: string): string {
  return table(`columns: [{name: c, datatype: int}], columnGroups: [{name: g, ${fields}}]`)
}

export function constraint(fields: string): string {
  return table(`columns: [{name: c, datatype: int}], constraints: [{name: k, ${fields}}]`)
}

/** A table with columns of `base.yaml`. */
export function reference(refs: string): string {
  return schema(`resources: {base: {uri: base.yaml}}\ntables: [{name: t, columnRefs: ${refs}}]`)
}

/** Paths below the only table, and below its first column. */
export const at = (path: string) => `tables.0.${path}`
export const inColumn = (...fields: string[]) => fields.map((field) => at(`columns.0.${field}`))

/** The file `base.yaml` that the cases refer to. */
export const BASE = `name: base
tables:
- name: bt
  columns: [{name: x, datatype: int}, {name: y, datatype: string, length: 4}]
`
