import type pg from 'pg'

/**
 * What is still to be done about jobs when an event was lost or a worker died. Each step can be repeated, by several at
 * once.
 */

/** So often a job whose worker died is queued again; the next time it fails. */
const MOST_SILENCES = 2

/**
 * EXECUTING jobs whose worker was silent for too long: back to QUEUED, or ERROR when that happened before. Sync queries whose
 * instance died have failed. Those whose query a backend runs by itself are looked after by `watch-remote.ts`; of one that
 * would wait for a backend, but has nothing there, nobody would hear again.
 *
 * @returns their ids
 */
export async function takeBackSilent(pool: pg.Pool, server: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `update uws.job
        set phase = case when mode = 'async' and silences < $1 then 'QUEUED' else 'ERROR' end,
            error = case when mode = 'sync' then $4::jsonb when silences < $1 then null else $2::jsonb end,
            ended_at = case when mode = 'async' and silences < $1 then null else clock_timestamp() end,
            started_at = case when mode = 'async' and silences < $1 then null else started_at end,
            silences = silences + 1,
            lease_until = null,
            dispatched_at = null,
            repeats = 0
      where server = $3 and phase = 'EXECUTING' and (lease_until < clock_timestamp() or lease_until = 'infinity')
        and not exists (select from uws.remote where job = id and kept_until is null)
  returning id`,
    [
      MOST_SILENCES,
      transientError(
        'The query was started several times, and each time the service stopped before it ended. Try again later.',
      ),
      server,
      transientError('The service stopped before the query ended. Try again.'),
    ],
  )
  return rows.map(({ id }) => id)
}

function transientError(message: string): string {
  return JSON.stringify({ type: 'transient', message })
}

/** The longest pause between two events of a job that waits in a backlog. */
const LONGEST_PAUSE_SECONDS = 3600

/**
 * QUEUED jobs whose event was never sent, or was sent so long ago that it may be lost. They count as sent from now on:
 * send the event, and call `markOwed` if that fails. Most likely the event still waits, as others do: the patience doubles
 * each time.
 */
export async function takeUndispatched(
  pool: pg.Pool,
  server: string,
  patienceSeconds: number,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `update uws.job
        set dispatched_at = clock_timestamp(),
            repeats = case when dispatched_at is null then repeats else least(repeats + 1, 20) end
      where server = $2 and phase = 'QUEUED' and deleted_at is null
        and (dispatched_at is null
             or dispatched_at < clock_timestamp() - make_interval(secs => least($1 * 2 ^ repeats, $3)))
  returning id`,
    [patienceSeconds, server, LONGEST_PAUSE_SECONDS],
  )
  return rows.map(({ id }) => id)
}

/** The event of a queued job is about to be sent. False: it is not queued, or somebody else sends it. */
export async function markDispatched(pool: pg.Pool, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update uws.job set dispatched_at = clock_timestamp() where id = $1 and phase = 'QUEUED' and dispatched_at is null`,
    [id],
  )
  return rowCount === 1
}

/** The event could not be sent. */
export async function markOwed(pool: pg.Pool, id: string): Promise<void> {
  await pool.query(`update uws.job set dispatched_at = null where id = $1 and phase = 'QUEUED'`, [id])
}

/**
 * Jobs past their destruction lose their result and become ARCHIVED, those that nobody could list are deleted; records
 * whose time is over are deleted too.
 *
 * @param recordDays how long the record of a job is kept after its destruction; 0: not at all
 * @returns how many
 */
export async function deleteDue(pool: pg.Pool, server: string, recordDays = 0): Promise<number> {
  const { rowCount: due } = await pool.query(
    `update uws.job
        set deleted_at = case when owner is null or $2 = 0 then clock_timestamp() end,
            lease_until = null,
            ended_at = coalesce(ended_at, clock_timestamp()),
            phase = case when owner is not null and $2 > 0 then 'ARCHIVED'
                         when phase in ('PENDING', 'QUEUED', 'EXECUTING') then 'ABORTED'
                         else phase end
      where server = $1 and destruction <= clock_timestamp() and deleted_at is null and phase <> 'ARCHIVED'`,
    [server, recordDays],
  )
  const { rowCount: old } = await pool.query(
    `update uws.job set deleted_at = clock_timestamp()
      where server = $1 and destruction <= clock_timestamp() - make_interval(days => $2) and deleted_at is null
        and phase = 'ARCHIVED'`,
    [server, recordDays],
  )
  return (due ?? 0) + (old ?? 0)
}

/** Deleted and archived jobs whose objects may still be there, those that were due first in front. */
export async function findUncleared(pool: pg.Pool, server: string, limit: number): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from uws.job
      where server = $1 and cleared_at is null and (deleted_at is not null or phase = 'ARCHIVED')
      order by destruction limit $2`,
    [server, limit],
  )
  return rows.map(({ id }) => id)
}

/** Where the result of a job is, whatever its phase; null: it has none. */
export async function readResultObject(
  pool: pg.Pool,
  id: string,
): Promise<{ readonly object: string; readonly generation: string } | null> {
  const { rows } = await pool.query<{ object: string | null; generation: string | null }>(
    `select result ->> 'object' as object, result ->> 'generation' as generation from uws.job where id = $1`,
    [id],
  )
  const { object, generation } = rows[0] ?? { object: null, generation: null }
  return object === null || generation === null ? null : { object, generation }
}

/** Once the objects of a deleted or archived job are gone. */
export async function markCleared(pool: pg.Pool, id: string): Promise<void> {
  await pool.query(
    `update uws.job set cleared_at = clock_timestamp() where id = $1 and (deleted_at is not null or phase = 'ARCHIVED')`,
    [id],
  )
}

/** Forgets deleted jobs whose objects are gone. @returns how many */
export async function forgetCleared(pool: pg.Pool, server: string): Promise<number> {
  const { rowCount } = await pool.query(
    'delete from uws.job where server = $1 and deleted_at is not null and cleared_at is not null',
    [server],
  )
  return rowCount ?? 0
}
