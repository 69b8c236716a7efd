import type pg from 'pg'
import type { Problem } from '../felis/problem.ts'
import { SLOT_SCHEMA } from './slots.ts'

/** Of the problem that a stage has with them. */
export const READER_LEFT_OUT = 'reader_left_out'

/**
 * Finds the roles that may read what is live and could not read what takes its place. Grants stay with the schemas
 * through a swap, so that their TAP service would find nothing after it. `public` stands for everybody.
 *
 * @returns their names in order; none where one of the slots does not exist
 */
export async function findLeftOutReaders(
  client: Pick<pg.ClientBase, 'query'>,
  slot: 'staging' | 'previous' = 'staging',
): Promise<readonly string[]> {
  const found = await client.query<{ reader: string }>(FIND_LEFT_OUT, [SLOT_SCHEMA.live, SLOT_SCHEMA[slot]])
  return found.rows.map(({ reader }) => reader)
}

export function warnOfLeftOut(readers: readonly string[]): readonly Problem[] {
  if (readers.length === 0) return []
  const names = readers.join(', ')
  const message = `${names} may read what is live, but not this release, and could read nothing after a swap: stage it again with readers that include ${names}`
  return [{ file: SLOT_SCHEMA.staging, path: '', code: READER_LEFT_OUT, severity: 'warning', message }]
}

/** Warnings of a swap or a rollback that was done all the same. */
export function warnAfterExchange(readers: readonly string[]): readonly string[] {
  if (readers.length === 0) return []
  const names = readers.join(', ')
  return [
    `${names} could read what was live before, and can read nothing now: stage with readers that include ${names}`,
  ]
}

const FIND_LEFT_OUT = `
select distinct case granted.grantee when 0 then 'public' else pg_get_userbyid(granted.grantee) end as reader
  from pg_namespace live
  join pg_namespace next on next.nspname = $2
 cross join aclexplode(live.nspacl) granted
 where live.nspname = $1 and granted.privilege_type = 'USAGE' and granted.grantee <> live.nspowner
   and not has_schema_privilege(granted.grantee, next.oid, 'USAGE')
 order by 1`
