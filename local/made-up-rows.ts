import type pg from 'pg'

/** Rows of each table: enough for joins and searches to find something. */
const ROWS = 2_000

interface Column {
  readonly table: string
  readonly column: string
  readonly type: string
  /** Of text, in characters. */
  readonly length: number | null
  readonly is_array: boolean
}

/** By type; `i` counts the rows. Equal numbers in columns of equal names make joins. */
const VALUES: readonly (readonly [RegExp, (column: Column) => string])[] = [
  [/^bool/, () => 'i % 2 = 0'],
  [/^int2/, () => '(i % 300)::smallint'],
  [/^int[48]/, () => 'i'],
  [/^(?:float|numeric)/, ({ column }) => numberOf(column)],
  [/^(?:text|varchar|bpchar)/, ({ length }) => `left('Heron ' || i, ${length ?? 40})`],
  [/^(?:timestamp|date)/, () => "timestamp '2026-01-01' + i * interval '97 minutes'"],
  [/^bytea/, () => "decode(md5(i::text), 'hex')"],
]

/** Positions are spread over the sky. */
function numberOf(column: string): string {
  if (/(?:^|_)ra$/i.test(column)) return '(i * 222.4922359)::numeric % 360'
  if (/(?:^|_)dec$/i.test(column)) return `degrees(asin(2 * (i + 0.5) / ${ROWS + 1} - 1))`
  return '((i * 0.6180339887)::numeric % 1) * 20'
}

/**
 * Fills the tables of some schemas with rows that are made up, the same each time; those that have rows are left as they
 * are.
 *
 * @returns how many rows were added
 */
export async function fillWithMadeUpRows(pool: pg.Pool, schemas: readonly string[]): Promise<number> {
  const { rows: columns } = await pool.query<Column>(
    `select format('%I.%I', n.nspname, c.relname) as table, a.attname as column, t.typname as type,
            nullif(a.atttypmod, -1) - 4 as length, t.typelem <> 0 and t.typlen = -1 as is_array
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       join pg_type t on t.oid = a.atttypid
      where c.relkind = 'r' and n.nspname = any ($1)
      order by c.oid, a.attnum`,
    [schemas.map((name) => name.toLowerCase())],
  )
  let count = 0
  const client = await pool.connect()
  try {
    // Rows refer to each other in whatever order.
    await client.query('begin; set local session_replication_role = replica')
    for (const [table, list] of Map.groupBy(columns, (column) => column.table)) {
      const { rowCount } = await client.query(`select from ${table} limit 1`)
      if (rowCount !== 0) continue
      const values = list.map((column) => valueFor(column))
      const added = await client.query(
        `insert into ${table} select ${values.join(', ')} from generate_series(1, ${ROWS}) as i on conflict do nothing`,
      )
      count += added.rowCount ?? 0
    }
    await client.query('commit')
    return count
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

function valueFor(column: Column): string {
  if (column.is_array) return 'null'
  const rule = VALUES.find(([pattern]) => pattern.test(column.type))
  return rule === undefined ? 'null' : rule[1](column)
}
