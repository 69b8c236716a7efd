import type pg from 'pg'
import { DATA_SCHEMA, USER_TABLES_ROLE } from '../../../shared/user-tables/ddl.ts'
import type { Check } from './check.ts'

/** What is wrong with the roles around the tables of users, as the catalogue of PostgreSQL has them. */
interface Found {
  readonly is_ready: boolean
  readonly query_is_there: boolean
  readonly query_sees_all: boolean
  /** Roles that queries run as, or that their role is a member of, and that were made members of the owner. */
  readonly query_owns_by: readonly string[]
  readonly owner_is_powerful: boolean
  /** `insert on user_tables.item` */
  readonly owner_lacks: readonly string[]
  readonly unprotected: readonly string[]
  readonly foreign: readonly string[]
  readonly everybody_in: readonly string[]
  /** Whether this login works with the tables. */
  readonly is_member: boolean
  readonly may_query: boolean
  readonly logins: readonly string[]
}

interface Rule {
  readonly wrong: (found: Found) => boolean
  readonly message: (found: Found, queryRole: string) => string
}

const INIT = 'run `almagest init --tables-user …` on this database'

/** Each is an error: somebody could read or change what he may not, or nobody could do what he should. */
const RULES: readonly Rule[] = [
  {
    wrong: ({ query_is_there }) => !query_is_there,
    message: (_, role) => `there is no role ${role}: create it, or mend service.query.role`,
  },
  {
    wrong: ({ query_sees_all }) => query_sees_all,
    message: (_, role) =>
      `the role of queries, ${role}, is a superuser or bypasses row level security, so that it reads the tables of all users: alter role ${role} nosuperuser nobypassrls`,
  },
  {
    wrong: ({ query_owns_by }) => query_owns_by.length > 0,
    message: ({ query_owns_by }, role) =>
      `the role of queries, ${role}, is a member of ${USER_TABLES_ROLE}, which reads and changes the tables of all users: revoke ${USER_TABLES_ROLE} from ${query_owns_by.join(', ')}`,
  },
  {
    wrong: ({ owner_is_powerful }) => owner_is_powerful,
    message: () =>
      `${USER_TABLES_ROLE} may log in, make roles or databases, or bypass rights: alter role ${USER_TABLES_ROLE} nologin nosuperuser nocreaterole nocreatedb nobypassrls noreplication`,
  },
  {
    wrong: ({ owner_lacks }) => owner_lacks.length > 0,
    message: ({ owner_lacks }) => `${USER_TABLES_ROLE} lacks ${owner_lacks.join(', ')}: ${INIT} again`,
  },
  {
    wrong: ({ unprotected }) => unprotected.length > 0,
    message: ({ unprotected }) =>
      `row level security is off, so that every query may read ${unprotected.join(', ')}: alter table … enable row level security`,
  },
  {
    wrong: ({ foreign }) => foreign.length > 0,
    message: ({ foreign }) =>
      `${foreign.join(', ')} belongs to another role than ${USER_TABLES_ROLE}, so that its owner cannot drop it: alter table … owner to ${USER_TABLES_ROLE}`,
  },
  {
    wrong: ({ everybody_in }) => everybody_in.length > 0,
    message: ({ everybody_in }) =>
      `everybody who logs in may use ${everybody_in.join(', ')}: revoke all on schema ${everybody_in.join(', ')} from public`,
  },
  {
    wrong: ({ query_is_there, is_member, may_query }) => query_is_there && is_member && !may_query,
    message: (_, role) => `this login cannot run queries as ${role}: grant ${role} to it`,
  },
]

/** @param queryRole `service.query.role` */
export async function checkUserTables(
  server: string,
  pool: pg.Pool | pg.ClientBase,
  queryRole: string,
): Promise<readonly Check[]> {
  const subject = `${server}: tables of users`
  const { rows } = await pool.query<Found>(FOUND, [queryRole])
  const [found] = rows
  if (found === undefined || !found.is_ready) {
    return [{ subject, state: 'error', message: `they are switched on, and not made ready here: ${INIT}` }]
  }
  const errors = RULES.filter(({ wrong }) => wrong(found)).map(
    ({ message }): Check => ({ subject, state: 'error', message: message(found, queryRole) }),
  )
  const { logins, is_member } = found
  const who = logins.length === 0 ? 'no login' : logins.join(', ')
  const message = `${who} may work with them${is_member ? '' : '; this login may not'}`
  if (logins.length === 0) return [...errors, { subject, state: 'error', message: `${message}: ${INIT}` }]
  return errors.length > 0 ? errors : [{ subject, state: 'ok', message }]
}

/** Looks at the catalogue alone, which every login may read. */
const FOUND = `
with owner as (select * from pg_roles where rolname = '${USER_TABLES_ROLE}'),
     query as (select * from pg_roles where rolname = $1),
     spaces as (select * from pg_namespace where nspname in ('user_tables', '${DATA_SCHEMA}')),
     known as (select c.oid, c.relname, c.relowner, c.relrowsecurity, n.nspname
                 from pg_class c join spaces n on n.oid = c.relnamespace where c.relkind in ('r', 'p')),
     rights as (
       select format('%s on %s.%s', wanted, nspname, relname) as name,
              has_table_privilege(owner.oid, known.oid, wanted) as held
         from owner, known, unnest(array['select', 'insert', 'update', 'delete']) as wanted where nspname = 'user_tables'
       union all
       select format('%s on schema %s', wanted, nspname), has_schema_privilege(owner.oid, spaces.oid, wanted)
         from owner, spaces, unnest(array['usage with grant option', 'create']) as wanted
        where nspname = '${DATA_SCHEMA}' or wanted <> 'create'
       union all
       select 'temporary on the database', has_database_privilege(owner.oid, current_database(), 'temporary') from owner
       union all
       select 'almagest_jobs', coalesce((select pg_has_role(owner.oid, oid, 'usage')
                                           from pg_roles where rolname = 'almagest_jobs'), false) from owner)
select exists (select from owner) and (select count(*) = 2 from spaces)
         and exists (select from known where nspname = 'user_tables' and relname = 'item') as is_ready,
       exists (select from query) as query_is_there,
       coalesce((select rolsuper or rolbypassrls from query), false) as query_sees_all,
       array(select r.rolname::text from query, owner, pg_roles r join pg_auth_members m on m.member = r.oid
              where not query.rolsuper and m.roleid = owner.oid and pg_has_role(query.oid, r.oid, 'member')
              order by 1) as query_owns_by,
       coalesce((select rolsuper or rolbypassrls or rolcanlogin or rolcreaterole or rolcreatedb or rolreplication
                   from owner), false) as owner_is_powerful,
       array(select name from rights where not held order by 1) as owner_lacks,
       array(select format('%I.%I', nspname, relname) from known
              where nspname = '${DATA_SCHEMA}' and not relrowsecurity order by 1 limit 5) as unprotected,
       array(select format('%I.%I', nspname, relname) from known, owner
              where nspname = '${DATA_SCHEMA}' and relowner <> owner.oid order by 1 limit 5) as foreign,
       array(select nspname::text from spaces
              where has_schema_privilege('public', oid, 'usage') or has_schema_privilege('public', oid, 'create')
              order by 1) as everybody_in,
       coalesce((select pg_has_role(oid, 'member') from owner), false) as is_member,
       coalesce((select pg_has_role(oid, 'member') from query), false) as may_query,
       array(select r.rolname::text from owner, pg_roles r
              where r.rolcanlogin and not r.rolsuper and pg_has_role(r.oid, owner.oid, 'member')
              order by 1) as logins`
