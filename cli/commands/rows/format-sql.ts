import { STEERING } from '../../../shared/printable.ts'
import { qualified } from '../../../shared/tap-schema/ddl.ts'
import type { LoaderOptions } from '../../../shared/tap-schema/options.ts'
import { quote, tableName } from '../../../shared/tap-schema/slots.ts'
import {
  columnsOf,
  TAP_TABLE_NAMES,
  type TapRow,
  type TapSchemaRows,
  tapTable,
} from '../../../shared/tap-schema/tables.ts'

/** Of one statement. */
const ROWS = 500

/** SQL that fills the five tables of an empty TAP_SCHEMA in PostgreSQL, as one transaction. */
export function formatSql(rows: TapSchemaRows, schema: string, options: LoaderOptions): string {
  const statements = TAP_TABLE_NAMES.flatMap((name) => {
    const names = columnsOf(tapTable(name), options).map((column) => quote(column.name))
    const head = `insert into ${qualified(schema, tableName(name, options.postfix))} (${names.join(', ')}) values`
    const all = rows[name]
    const parts = Array.from({ length: Math.ceil(all.length / ROWS) }, (_, part) =>
      all.slice(part * ROWS, (part + 1) * ROWS),
    )
    return parts.map((part) => `${head}\n${part.map(rowOf).join(',\n')}`)
  })
  return ['begin', ...statements, 'commit'].map((sql) => `${sql};\n`).join('')
}

function rowOf(row: TapRow): string {
  return `  (${row.map(sqlOf).join(', ')})`
}

function sqlOf(value: TapRow[number]): string {
  if (value === null) return 'null'
  if (typeof value === 'number') return String(value)
  if (!STEERING.test(value)) return `'${value.replaceAll("'", "''")}'`
  // No text steers the terminal on which it is shown.
  const escaped = value.replaceAll('\\', '\\\\').replaceAll("'", "''")
  return `e'${[...escaped].map((sign) => (STEERING.test(sign) ? escapeOf(sign) : sign)).join('')}'`
}

function escapeOf(sign: string): string {
  return `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}
