import type pg from 'pg'
import { Failure } from '../failure.ts'
import { qualified } from './ddl.ts'
import type { RowCounts } from './history.ts'
import type { LoaderOptions } from './options.ts'
import { tableName } from './slots.ts'
import { TAP_TABLE_NAMES, type TapTableName } from './tables.ts'

/** What lies in the slot is not what was computed. The stage is undone; that must never happen, so look into it. */
export class VerificationError extends Failure {
  constructor(findings: readonly string[]) {
    super('unavailable', 'verification_failed', `the staged rows failed verification: ${findings.join('; ')}`)
  }
}

/**
 * Reads a freshly filled slot back, before it is committed: as many rows as were computed, every schema with tables,
 * every table with columns, both ends of every key present.
 *
 * @throws VerificationError
 */
export async function verifySlot(
  client: pg.ClientBase,
  schema: string,
  options: LoaderOptions,
  expected: RowCounts,
): Promise<void> {
  const name = (table: TapTableName) => qualified(schema, tableName(table, options.postfix))
  const found = await client.query<Record<TapTableName, number> & { orphans: string[] }>(`
select ${TAP_TABLE_NAMES.map((table) => `(select count(*)::int from ${name(table)}) as ${table}`).join(', ')},
       array(
         select 'schema ' || s.schema_name || ' has no tables' from ${name('schemas')} s
          where not exists (select from ${name('tables')} t where t.schema_name = s.schema_name)
         union all
         select 'table ' || t.table_name || ' has no columns' from ${name('tables')} t
          where not exists (select from ${name('columns')} c where c.table_name = t.table_name)
         union all
         select 'key ' || k.key_id || ' has no columns' from ${name('keys')} k
          where not exists (select from ${name('key_columns')} kc where kc.key_id = k.key_id)
         union all
         select 'key ' || k.key_id || ' names column ' || wanted.column_name || ', which ' || wanted.table_name || ' lacks'
           from ${name('key_columns')} kc
           join ${name('keys')} k using (key_id)
          cross join lateral (values (k.from_table, kc.from_column), (k.target_table, kc.target_column))
                as wanted (table_name, column_name)
          where not exists (select from ${name('columns')} c
                             where c.table_name = wanted.table_name and c.column_name = wanted.column_name)
       ) as orphans`)
  const [row] = found.rows
  if (row === undefined) throw new VerificationError(['the slot could not be read'])
  const miscounts = TAP_TABLE_NAMES.filter((table) => row[table] !== expected[table]).map(
    (table) => `${table} holds ${row[table]} rows instead of ${expected[table]}`,
  )
  const findings = [...miscounts, ...row.orphans]
  if (findings.length > 0) throw new VerificationError(findings)
}
