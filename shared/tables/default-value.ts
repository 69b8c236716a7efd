import type { Column, DefaultValue } from '../felis/model.ts'
import { YamlFloat } from '../yaml/values.ts'
import { literal } from './sql.ts'

/** Of these texts a timestamp column means the function, as in Felis. */
const NOW = /^(?:current_timestamp|localtimestamp|now\(\))$/i

/** The default value of a column in SQL; null: it has none. */
export function defaultSql({ value, datatype }: Column): string | null {
  if (value === null) return null
  if (typeof value === 'string' && datatype === 'timestamp' && NOW.test(value)) return value.toLowerCase()
  if (datatype === 'boolean') return String(isTrue(value))
  if (typeof value === 'string') return literal(value)
  if (value instanceof YamlFloat) return numberSql(value.value)
  if (typeof value === 'boolean') return value ? '1' : '0'
  return String(value)
}

function isTrue(value: NonNullable<DefaultValue>): boolean {
  return typeof value === 'boolean' ? value : Number(value) !== 0
}

/** PostgreSQL reads what is not finite from a text. */
function numberSql(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return `'${Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'}'`
}
