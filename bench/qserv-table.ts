import type { GeneratedResult } from '../local/qserv/script.ts'
import type { ResultKind } from '../shared/qserv/result-column.ts'
import type { Field } from '../shared/votable/field.ts'
import { COLUMNS } from './votable-table.ts'

interface QservColumn {
  readonly field: Field
  readonly kind: ResultKind
}

/** The twenty columns of the other benches. */
export const QSERV_COLUMNS: readonly QservColumn[] = COLUMNS.map(({ sql: _, ...field }) => ({
  field,
  kind: field.datatype === 'char' ? 'text' : (field.datatype as ResultKind),
}))

const TYPES: Readonly<Record<string, string>> = {
  long: 'BIGINT(20)',
  int: 'INT(11)',
  short: 'SMALLINT(6)',
  double: 'DOUBLE',
  float: 'FLOAT',
  boolean: 'TINYINT(1)',
  text: 'VARCHAR(160)',
}

/** Values as MariaDB prints them: doubles with all their digits. */
const VALUES: Readonly<Record<string, (row: number) => string>> = {
  long: (row) => String(4611686018427387904n + BigInt(row)),
  int: () => String(Math.floor(1000 * Math.random())),
  short: () => String(Math.floor(188 * Math.random())),
  double: () => String(360 * Math.random()),
  float: () => String(Number((12 + 10 * Math.random()).toPrecision(6))),
  boolean: () => (Math.random() < 0.1 ? '1' : '0'),
  text: (row) => `Star J${String(row).padStart(12, '0')}`,
}

/** A thousand different rows, again and again. */
export function generateResult(rows: number): GeneratedResult {
  const cycle = Array.from({ length: 1000 }, (_, row) => {
    const cells = QSERV_COLUMNS.map(({ kind, field }) =>
      field.name === 'parallax' && Math.random() < 0.1 ? 'NULL' : (VALUES[kind]?.(row) ?? ''),
    )
    return JSON.stringify(cells)
  })
  const schema = QSERV_COLUMNS.map(({ kind, field }) => ({
    column: field.name,
    type: TYPES[kind] ?? '',
    is_binary: 0 as const,
  }))
  return { rows, cycle, schema }
}
