import type pg from 'pg'

/**
 * Writes the event LOGIN of a user, at most once in so many seconds: there are no sessions that could begin.
 *
 * @returns whether it was written
 */
export async function noteLogin(
  pool: pg.Pool,
  server: string,
  username: string,
  everySeconds: number,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with held as materialized (select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 8320))),
          noted as (
       insert into uws.login (server, username, noted_at) select $1, $2, clock_timestamp() from held
       on conflict (server, username) do update set noted_at = excluded.noted_at
         where login.noted_at < clock_timestamp() - make_interval(secs => $3)
       returning server, username)
     insert into uws.event (server, kind, item_type, item, owner)
     select server, 'LOGIN', 'user', username, username from noted`,
    [server, username, everySeconds],
  )
  return rowCount === 1
}
