import type pg from 'pg'
import type { Problem } from '../felis/problem.ts'
import { SLOT_SCHEMA } from './slots.ts'

/**
 * Finds the roles that may read what is live and could not read what is staged. Grants stay with the schemas through a
 * swap, so that their TAP service would find nothing after it. `public` stands for everybody.
 *
 * @returns their names in order; none where nothing is live or nothing is staged
 */
export async function findLeftOutReaders(client: Pick<pg.ClientBase, 'query'>): Promise<readonly string[]> {
  const found = await client.query<{ reader: string }>(FIND_LEFT_OUT, [SLOT_SCHEMA.live, SLOT_SCHEMA.staging])
  return found.rows.map(({ reader }) => reader)
}

export function warnOfLeftOut(readers: readonly string[]): readonly Problem[] {
  if (readers.length === 0) return []
  const names = readers.join(', ')
  const message = `${names} may read what is live, but not this release, and could read nothing after a swap: stage it again with readers that include ${names}`
  return [{ file: SLOT_SCHEMA.staging, path: '', code: 'reader_left_out', severity: 'warning', message }]
}

const FIND_LEFT_OUT = `
select distinct case granted.grantee when 0 then 'public' else pg_get_userbyid(granted.grantee) end as reader
  from pg_namespace live
  join pg_namespace staging on staging.nspname = $2
 cross join aclexplode(live.nspacl) granted
 where live.nspname = $1 and granted.privilege_type = 'USAGE' and granted.grantee <> live.nspowner
   and not has_schema_privilege(granted.grantee, staging.oid, 'USAGE')
 order by 1`
