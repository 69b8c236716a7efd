import type pg from 'pg'
import { quote } from '../tap-schema/slots.ts'
import { buildSchemaOf, documentSql, KEY_COLUMNS, keySql, NEXT_TABLES, VALUE_COLUMNS } from './build-functions.ts'
import type { Condition } from './key-ranges.ts'
import type { ObscoreMapping } from './mapping.ts'
import { sourceSql } from './source.ts'

/** Which records a statement is about, and what it joins to find them. */
export interface Selection extends Condition {
  readonly join?: string
}

/** What becomes of records: `key_scope`, `key_name`, the columns of the table, `reasons` and `kept`. */
export function convertedSql(mapping: ObscoreMapping, identity: string, { join = '', sql }: Selection): string {
  const { source } = mapping
  const [scope, name] = keySql('d', source)
  return `
    select k.key_scope, k.key_name, c.*
      from (select ${scope} as key_scope, ${name} as key_name, ${documentSql('d', source)} as doc
              from ${sourceSql(source)} as d ${join}
             where ${sql} offset 0) as k
     cross join lateral ${quote(buildSchemaOf(identity))}.convert(k.key_scope, k.key_name, k.doc) as c`
}

/** Puts the rows of records, or the reasons why there are none, into the tables that are being filled. */
export async function fillNext(
  client: pg.ClientBase,
  mapping: ObscoreMapping,
  identity: string,
  selection: Selection,
): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    `with converted as materialized (${convertedSql(mapping, identity, selection)}
), rejected as (
  insert into ivoa.${NEXT_TABLES.rejects} (scope, name, kept, reasons, at)
  select c.key_scope, c.key_name, c.kept, c.reasons, coalesce(b.at, clock_timestamp())
    from converted as c
    left join ivoa.obscore_reject as b
      on b.scope = c.key_scope and b.name = c.key_name and b.kept = c.kept and b.reasons = c.reasons
   where c.reasons is not null
  on conflict do nothing
), inserted as (
  insert into ivoa.${NEXT_TABLES.records} (${[...KEY_COLUMNS, ...VALUE_COLUMNS].join(', ')})
  select c.key_scope, c.key_name, ${VALUE_COLUMNS.map((name) => `c.${name}`).join(', ')}
    from converted as c where c.kept
  on conflict do nothing
)
select count(*) from converted`,
    [...selection.values],
  )
  return Number(rows[0]?.count ?? 0)
}
