import type pg from 'pg'

/**
 * Revokes every right in a slot but reading, from all but the owner. A table keeps its grants through every change of owner
 * and name, so that the login that staged it could otherwise still change what is live.
 *
 * @returns what was revoked, as warnings
 */
export async function revokeGrants(client: pg.ClientBase, schema: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ statement: string; warning: string }>(FIND_GRANTS, [schema])
  if (rows.length > 0) await client.query(rows.map(({ statement }) => statement).join(';\n'))
  return rows.map(({ warning }) => warning)
}

// `cascade`, for what somebody with the grant option has granted in turn.
const FIND_GRANTS = `
with slot as (
  select oid, nspname, nspowner, nspacl from pg_namespace where nspname = $1
), relation as (
  select oid, relowner, relacl from pg_class where relnamespace = (select oid from slot) and relkind in ('r', 'p', 'v')
), granted (target, columns, owner, acl) as (
  select 'schema ' || quote_ident(nspname), '', nspowner, nspacl from slot
  union all
  select 'table ' || oid::regclass, '', relowner, relacl from relation
  union all
  select 'table ' || r.oid::regclass, format(' (%I)', a.attname), r.relowner, a.attacl
    from relation r join pg_attribute a on a.attrelid = r.oid and not a.attisdropped
), excess as (
  select distinct privilege_type || columns as privilege, target,
         case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as login
    from granted cross join aclexplode(acl)
   where privilege_type not in ('SELECT', 'USAGE') and grantee <> owner
)
select format('revoke %s on %s from %s cascade', privilege, target, login) as statement,
       format('%s was granted %s on %s: revoked', login, lower(privilege), target) as warning
  from excess order by 1`
