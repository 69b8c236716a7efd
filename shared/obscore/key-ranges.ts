import type pg from 'pg'
import { quote } from '../tap-schema/slots.ts'
import type { ObscoreSource } from './mapping.ts'
import { sourceSql } from './source.ts'

/** Records from behind one key up to another one; null: from the first, up to the last. */
export interface KeyRange {
  readonly after: readonly string[] | null
  readonly upTo: readonly string[] | null
}

/** Parts of a table in the order of its key, which an index has; together they hold every key, also those that are to come. */
export async function* keyRanges(pool: pg.Pool, source: ObscoreSource, size: number): AsyncGenerator<KeyRange> {
  const keys = source.key.map(quote).join(', ')
  let after: readonly string[] | null = null
  for (;;) {
    const where = rangeCondition('d', source.key, { after, upTo: null })
    const { rows } = await pool.query<Record<string, string>>(
      `select ${source.key.map((column, index) => `d.${quote(column)}::text as k${index}`).join(', ')}
         from ${sourceSql(source)} as d
        where ${where.sql}
        order by ${keys} offset ${size - 1} limit 1`,
      [...where.values],
    )
    const [last] = rows as readonly (Record<string, string> | undefined)[]
    if (last === undefined) {
      yield { after, upTo: null }
      return
    }
    const upTo: readonly string[] = source.key.map((_, index) => last[`k${index}`] ?? '')
    yield { after, upTo }
    after = upTo
  }
}

export interface Condition {
  readonly sql: string
  readonly values: readonly unknown[]
}

/** Whether a row is in a range. Parameters are of the type of their column. */
export function rangeCondition(row: string, key: readonly string[], { after, upTo }: KeyRange): Condition {
  const values: string[] = []
  const columns = key.map((column) => `${row}.${quote(column)}`)
  const compare = (operator: string, bound: readonly string[]) => {
    const parameters = bound.map((value) => `$${values.push(value)}`)
    return `(${columns.join(', ')}) ${operator} (${parameters.join(', ')})`
  }
  const parts = [
    ...columns.map((column) => `${column} is not null`),
    ...(after === null ? [] : [compare('>', after)]),
    ...(upTo === null ? [] : [compare('<=', upTo)]),
  ]
  return { sql: parts.join(' and '), values }
}
