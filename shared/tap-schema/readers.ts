import type pg from 'pg'
import type { Problem } from '../problem.ts'
import { EVERYBODY, OWNER_ROLE, SLOT_SCHEMA, STAGER_ROLE } from './slots.ts'
import { TAP_TABLE_NAMES } from './tables.ts'

/** Of the problem that a stage has with them. */
export const READER_LEFT_OUT = 'reader_left_out'

/**
 * Finds the roles that may read what is live: those that a grant names. `public` is everybody.
 *
 * @returns their names in order; none where nothing is live
 */
export async function findLiveReaders(client: Pick<pg.ClientBase, 'query'>): Promise<readonly string[]> {
  const found = await client.query<{ reader: string }>(`${READERS} select name as reader from reader order by 1`, [
    SLOT_SCHEMA.live,
    ...READER_RULES,
  ])
  return found.rows.map(({ reader }) => reader)
}

/**
 * Finds the roles that may read what is live and not what takes its place: the schema, or a table that is in
 * both. A schema keeps its grants through a swap, so that their TAP service would find nothing after it.
 *
 * @returns their names in order; none where one of the slots does not exist
 */
export async function findLeftOutReaders(
  client: Pick<pg.ClientBase, 'query'>,
  slot: 'staging' | 'previous' = 'staging',
): Promise<readonly string[]> {
  const found = await client.query<{ reader: string }>(FIND_LEFT_OUT, [
    SLOT_SCHEMA.live,
    ...READER_RULES,
    SLOT_SCHEMA[slot],
  ])
  return found.rows.map(({ reader }) => reader)
}

export function warnOfLeftOut(readers: readonly string[]): readonly Problem[] {
  if (readers.length === 0) return []
  const names = readers.join(', ')
  const message = `${names} may read what is live, but not this release, so that a swap will be refused: stage it again with readers that include ${names}`
  return [{ file: SLOT_SCHEMA.staging, path: '', code: READER_LEFT_OUT, severity: 'warning', message }]
}

/** Warnings of a swap or a rollback that was to be done all the same. */
export function warnAfterExchange(readers: readonly string[]): readonly string[] {
  if (readers.length === 0) return []
  const names = readers.join(', ')
  return [
    `${names} could read what was live before, and can read nothing now: stage with readers that include ${names}`,
  ]
}

// Owners need no grant, nor do Almagest's own roles. has_…_privilege takes 0 for everybody, and counts the groups of a role.
const READERS = `
with slot as (
  select oid, nspowner, nspacl from pg_namespace where nspname = $1
), relation as (
  select oid, relname, relowner, relacl
    from pg_class c
   where relnamespace = (select oid from slot) and relkind in ('r', 'p', 'v', 'm', 'f')
     and exists (select from unnest($2::text[]) as beginning where starts_with(c.relname, beginning))
), grantee (role) as (
  select grantee from slot cross join aclexplode(nspacl) where grantee <> nspowner
  union
  select grantee from relation cross join aclexplode(relacl) where grantee <> relowner
  union
  select grantee
    from relation r join pg_attribute a on a.attrelid = r.oid cross join aclexplode(a.attacl)
   where grantee <> relowner
), reader (role, name) as (
  select role, case role when 0 then '${EVERYBODY}' else pg_get_userbyid(role)::text end
    from grantee
   where role not in (select oid from pg_roles where rolname = any ($3))
     and has_schema_privilege(role, (select oid from slot), 'USAGE')
     and exists (select from relation where has_any_column_privilege(role, oid, 'SELECT'))
)`

const READER_RULES = [TAP_TABLE_NAMES, [STAGER_ROLE, OWNER_ROLE]] as const

const FIND_LEFT_OUT = `${READERS}, next as (
  select oid from pg_namespace where nspname = $4
)
select name as reader
  from reader, next
 where not has_schema_privilege(role, next.oid, 'USAGE')
    or exists (select
                 from relation now join pg_class later on later.relname = now.relname and later.relnamespace = next.oid
                where has_any_column_privilege(role, now.oid, 'SELECT')
                  and not has_any_column_privilege(role, later.oid, 'SELECT'))
 order by 1`
