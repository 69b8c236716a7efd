import { compareCodePoints } from '../../code-points.ts'
import type { Column, Schema } from '../../felis/model.ts'
import { dumpScalar } from './dump-scalar.ts'

/** The file of `datalink-columns.zip` that is made from the schemas. */
export const PRINCIPAL_NAME = 'columns-principal.yaml'

/**
 * `columns-principal.yaml`: for every table of every schema, the names of its principal columns in the order in which
 * clients show them. Of tables of the same full name the last one counts. The text is what sdm-tools'
 * `build-datalink-metadata` writes with PyYAML, byte for byte.
 *
 * @param schemas read without an increment for referenced columns, in the order of their file names
 */
export function buildPrincipalColumns(schemas: readonly Schema[]): string {
  const tables = new Map<string, readonly string[]>()
  for (const schema of schemas) {
    for (const table of schema.tables) tables.set(`${schema.name}.${table.name}`, principalNames(table.columns))
  }
  const sorted = [...tables].sort(([a], [b]) => compareCodePoints(a, b))
  const blocks = sorted.map(([table, names]) => `${dumpKey(table)}tap:principal:${dumpNames(names)}\n`)
  // sdm-tools prints the text, which ends its last line itself.
  return `tables:${blocks.length === 0 ? ' {}' : ''}\n${blocks.join('')}\n`
}

/** Where columns without an index begin. The index 0 counts as none. */
const UNINDEXED = 100_000_000

function principalNames(columns: readonly Column[]): readonly string[] {
  const principal = columns.filter((column) => (column.principal ?? 0) !== 0)
  const ranked = principal.map(({ name, columnIndex }, seen) => ({ name, rank: columnIndex || UNINDEXED + seen }))
  return ranked.sort((a, b) => a.rank - b.rank).map(({ name }) => name)
}

/** Longer keys are written with a `?` before them; PyYAML counts five more characters for the tag `!!str`. */
const KEY_LIMIT = 128 - 5

function dumpKey(table: string): string {
  const isSimple = [...table].length < KEY_LIMIT && !/[\n\x85\u2028\u2029]/.test(table)
  if (isSimple) return `  ${dumpScalar(table, { column: 2, indent: null })}:\n    `
  return `  ? ${dumpScalar(table, { column: 4, indent: 4 })}\n  : `
}

function dumpNames(names: readonly string[]): string {
  if (names.length === 0) return ' []'
  return names.map((name) => `\n    - ${dumpScalar(name, { column: 6, indent: 6 })}`).join('')
}
