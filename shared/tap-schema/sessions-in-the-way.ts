import type pg from 'pg'
import { SLOT_SCHEMA } from './slots.ts'

/** `alma`: the first half of the keys of Almagest's advisory locks, which belong to one database. */
export const LOCK_CLASS = 0x616c6d61

/** The second half: of the lock under which slots are changed, of the one that keepers of gates wait for, and of the records of the registry. */
export const SLOTS_LOCK = 0
export const GATE_LOCK = 1
export const REGISTRY_LOCK = 2

const NAMED = 5

/**
 * Which other sessions hold locks on the slots, or the Almagest lock, the longest transaction first. How others call
 * themselves, and since when they do it, PostgreSQL shows to members of `pg_read_all_stats` only.
 *
 * @returns descriptions such as `process 4711 of tap (app tap-service, in its transaction for 12.3 s)`
 */
export async function findSessionsInTheWay(client: pg.ClientBase): Promise<readonly string[]> {
  const found = await client.query<Row>(FIND_SESSIONS, [Object.values(SLOT_SCHEMA)])
  const named = found.rows.slice(0, NAMED).map(({ pid, login, app, seconds }) => {
    const known = [
      ...(app === null || app === '' ? [] : [`app ${app}`]),
      ...(seconds === null ? [] : [`in its transaction for ${seconds} s`]),
    ]
    return `process ${pid} of ${login ?? 'an unknown login'}${known.length === 0 ? '' : ` (${known.join(', ')})`}`
  })
  const more = found.rows.length - named.length
  return more > 0 ? [...named, `${more} more`] : named
}

interface Row {
  readonly pid: number
  readonly login: string | null
  readonly app: string | null
  readonly seconds: string | null
}

const FIND_SESSIONS = `
select a.pid, a.usename::text as login, a.application_name as app,
       round(extract(epoch from clock_timestamp() - a.xact_start)::numeric, 1)::text as seconds
  from pg_stat_activity a
 where a.pid <> pg_backend_pid()
   and a.pid in (select l.pid
                   from pg_locks l
                   left join pg_class c on l.locktype = 'relation' and c.oid = l.relation
                   left join pg_namespace n on n.oid = c.relnamespace
                  where l.granted and l.database = (select oid from pg_database where datname = current_database())
                    and (n.nspname = any($1)
                         or l.locktype = 'advisory' and l.classid = ${LOCK_CLASS} and l.objid = ${SLOTS_LOCK} and l.objsubid = 2))
 order by a.xact_start nulls last, a.pid`
