import {
  DEFAULT_SCALAR_STYLE_RULES,
  type DumpOptions,
  dump,
  realMapTag,
  SCALAR_STYLE,
  type ScalarLayout,
  YAML11_SCHEMA,
} from 'js-yaml'
import { compareCodePoints } from '../../code-points.ts'
import type { Column, Schema } from '../../felis/model.ts'
import { resolvePlain } from '../../yaml/scalars.ts'

/** The file of `datalink-columns.zip` that is made from the schemas. */
export const PRINCIPAL_NAME = 'columns-principal.yaml'

/**
 * `columns-principal.yaml`: for every table of every schema, the names of its principal columns in the order in which
 * clients show them. Of tables of the same full name the last one counts. It is laid out as sdm-tools'
 * `build-datalink-metadata` does, byte for byte where names are words; others may be quoted in another way.
 *
 * @param schemas read without an increment for referenced columns, in the order of their file names
 */
export function buildPrincipalColumns(schemas: readonly Schema[]): string {
  const tables = new Map<string, ReadonlyMap<string, readonly string[]>>()
  for (const schema of schemas) {
    for (const table of schema.tables) {
      tables.set(`${schema.name}.${table.name}`, new Map([['tap:principal', principalNames(table.columns)]]))
    }
  }
  const sorted = new Map([...tables].sort(([a], [b]) => compareCodePoints(a, b)))
  // sdm-tools prints the text, which ends its last line itself.
  return `${dump(new Map([['tables', sorted]]), LAYOUT)}\n`
}

const LAYOUT: DumpOptions = {
  schema: YAML11_SCHEMA.withTags(realMapTag),
  seqNoIndent: true,
  lineWidth: -1,
  scalarStyleRules: [quoteForPyYaml, ...Object.values(DEFAULT_SCALAR_STYLE_RULES)],
}

/** js-yaml writes a date that does not exist as plain text, which PyYAML refuses to read. */
function quoteForPyYaml(layout: ScalarLayout): void {
  const { value } = layout.node
  if (layout.style === SCALAR_STYLE.PLAIN && resolvePlain(value) !== value) layout.style = SCALAR_STYLE.SINGLE_QUOTED
}

/** Where columns without an index begin. The index 0 counts as none. */
const UNINDEXED = 100_000_000

function principalNames(columns: readonly Column[]): readonly string[] {
  const principal = columns.filter((column) => (column.principal ?? 0) !== 0)
  const ranked = principal.map(({ name, columnIndex }, seen) => ({ name, rank: columnIndex || UNINDEXED + seen }))
  return ranked.sort((a, b) => a.rank - b.rank).map(({ name }) => name)
}
