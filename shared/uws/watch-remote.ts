import type pg from 'pg'
import type { RemoteQuery, RemoteState } from './remote-query.ts'
import type { Claim } from './work-on-job.ts'

/** What is to be done about the queries that backends run by themselves; each step can be repeated, by several at once. */

/** How far a query is. */
export interface Progress {
  readonly done: number
  readonly total: number
}

/** One that is to be asked for. */
export interface WatchedQuery extends RemoteQuery {
  readonly queryId: string
  /** As which its job can be ended. */
  readonly claim: Claim
  /** Whether its job has used up its time. */
  readonly isLate: boolean
  readonly executionSeconds: number
  readonly progress: Progress | null
}

/**
 * Running queries that nobody has asked for within `everySeconds`, those that were not asked for longest in front; not those
 * whose job another worker has begun anew. They count as asked from now on, so that all instances together ask no more often.
 */
export async function takeRunning(
  pool: pg.Pool,
  server: string,
  everySeconds: number,
  limit: number,
): Promise<readonly WatchedQuery[]> {
  const { rows } = await pool.query<{
    job: string
    fence: string
    query_id: string
    uploads: string | null
    job_fence: string
    is_late: boolean
    execution_seconds: number
    progress: Progress | null
  }>(
    `with due as (
       select r.job from uws.remote r join uws.job j on j.id = r.job
        where r.server = $1 and r.state = 'running' and r.kept_until is null and j.phase = 'EXECUTING' and j.deleted_at is null
          and (j.lease_until = 'infinity' or j.lease_until < clock_timestamp())
          and (r.looked_at is null or r.looked_at <= clock_timestamp() - make_interval(secs => $2))
        order by r.looked_at nulls first limit $3
          for update of r skip locked)
     update uws.remote r set looked_at = clock_timestamp()
       from due, uws.job j
      where r.job = due.job and j.id = r.job
  returning r.job, r.fence::text as fence, r.query_id, r.uploads, j.fence::text as job_fence, r.progress, j.execution_seconds,
            j.started_at + make_interval(secs => j.execution_seconds) < clock_timestamp() as is_late`,
    [server, everySeconds, limit],
  )
  return rows.map(
    ({ job, fence, query_id: queryId, uploads, job_fence, is_late: isLate, execution_seconds, progress }) => ({
      ...{ job, fence, state: 'running', queryId, uploads, isLate, progress },
      claim: { id: job, fence: job_fence },
      executionSeconds: execution_seconds,
    }),
  )
}

export async function noteProgress(pool: pg.Pool, job: string, progress: Progress): Promise<void> {
  await pool.query(`update uws.remote set progress = $2 where job = $1 and state = 'running'`, [
    job,
    JSON.stringify(progress),
  ])
}

/**
 * Ready results whose message was never sent, or whose reader is silent. They count as sent from now on. One whose readers
 * have died several times fails.
 */
export async function takeReady(
  pool: pg.Pool,
  server: string,
  patienceSeconds: number,
  mostSilences: number,
): Promise<readonly string[]> {
  await pool.query(
    `update uws.job j
        set silences = silences + 1,
            lease_until = case when silences < $2 then 'infinity'::timestamptz end,
            phase = case when silences < $2 then 'EXECUTING' else 'ERROR' end,
            ended_at = case when silences < $2 then null else clock_timestamp() end,
            error = case when silences < $2 then null else $3::jsonb end
       from uws.remote r
      where r.job = j.id and r.server = $1 and r.state = 'ready' and j.phase = 'EXECUTING'
        and j.lease_until < clock_timestamp()`,
    [
      server,
      mostSilences,
      JSON.stringify({
        type: 'transient',
        message: 'The service stopped several times while it was reading the result. Try again later.',
      }),
    ],
  )
  const { rows } = await pool.query<{ job: string }>(
    `update uws.remote r set sent_at = clock_timestamp()
       from uws.job j
      where r.job = j.id and r.server = $1 and r.state = 'ready' and j.phase = 'EXECUTING'
        and j.lease_until = 'infinity'
        and (r.sent_at is null or r.sent_at < clock_timestamp() - make_interval(secs => $2))
  returning r.job`,
    [server, patienceSeconds],
  )
  return rows.map(({ job }) => job)
}

/** The message could not be sent. */
export async function markReadyOwed(pool: pg.Pool, job: string): Promise<void> {
  await pool.query(`update uws.remote set sent_at = null where job = $1 and state = 'ready'`, [job])
}

/**
 * EXECUTING jobs whose worker died while it was submitting: nobody knows whether the backend has the query. Back to QUEUED
 * the first time, if that is wanted; else ERROR.
 *
 * @returns their ids
 */
export async function takeBackUnclear(
  pool: pg.Pool,
  server: string,
  resubmits: boolean,
  message: string,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `update uws.job j
        set phase = case when $2 and r.submits < 2 then 'QUEUED' else 'ERROR' end,
            error = case when $2 and r.submits < 2 then null else $3::jsonb end,
            ended_at = case when $2 and r.submits < 2 then null else clock_timestamp() end,
            lease_until = null,
            dispatched_at = null
       from uws.remote r
      where r.job = j.id and r.server = $1 and r.state = 'submitting' and j.phase = 'EXECUTING'
        and j.lease_until < clock_timestamp()
  returning j.id`,
    [server, resubmits, JSON.stringify({ type: 'transient', message })],
  )
  return rows.map(({ id }) => id)
}

/**
 * Jobs of a server that has no such backend any more, once their time is over: nobody will ask what became of their queries.
 *
 * @returns their ids
 */
export async function endAbandoned(pool: pg.Pool, server: string, message: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `update uws.job j
        set phase = 'ERROR', error = $2, ended_at = clock_timestamp(), lease_until = null
       from uws.remote r
      where r.job = j.id and r.server = $1 and j.phase = 'EXECUTING' and j.lease_until = 'infinity'
        and j.started_at + make_interval(secs => j.execution_seconds) < clock_timestamp()
  returning j.id`,
    [server, JSON.stringify({ type: 'transient', message })],
  )
  return rows.map(({ id }) => id)
}

/** One whose job has ended, or whose instance has died, with something of it left in the backend. */
export interface OwedQuery extends RemoteQuery {
  /** Whether it was about to be submitted, and is so by nobody any more: its name will never be known. */
  readonly isLost: boolean
}

/**
 * Those that are owed: their jobs have ended, were deleted, or are forgotten, or they are sync queries whose instance has not
 * seen to their end. They count as looked at from now on.
 *
 * @param lostSeconds how long one may be about to be submitted
 */
export async function takeOwed(
  pool: pg.Pool,
  server: string,
  everySeconds: number,
  lostSeconds: number,
  limit: number,
): Promise<readonly OwedQuery[]> {
  const { rows } = await pool.query<{
    job: string
    fence: string
    state: RemoteState
    query_id: string | null
    uploads: string | null
    is_lost: boolean
  }>(
    `with due as (
       select r.job from uws.remote r left join uws.job j on j.id = r.job
        where r.server = $1
          and case when r.kept_until is not null then r.kept_until < clock_timestamp()
                   else (j.id is null or j.deleted_at is not null or j.phase not in ('QUEUED', 'EXECUTING'))
                    and (r.state <> 'submitting' or r.begun_at < clock_timestamp() - make_interval(secs => $3)) end
          and (r.looked_at is null or r.looked_at <= clock_timestamp() - make_interval(secs => $2))
        order by r.looked_at nulls first limit $4
          for update of r skip locked)
     update uws.remote r set looked_at = clock_timestamp()
       from due
      where r.job = due.job
  returning r.job, r.fence::text as fence, r.state, r.query_id, r.uploads, r.state = 'submitting' and r.submits > 0 as is_lost`,
    [server, everySeconds, lostSeconds, limit],
  )
  return rows.map(({ job, fence, state, query_id: queryId, uploads, is_lost: isLost }) => ({
    ...{ job, fence, state, queryId, uploads, isLost },
  }))
}

/**
 * QUEUED jobs that wait for their turn, oldest first, as many as there is room for. They count as sent from now on.
 *
 * @param most queries that may be there at once, in all and of one owner
 */
export async function takeWaiting(
  pool: pg.Pool,
  server: string,
  most: { readonly all: number; readonly owner: number },
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `with there as (
       select owner, count(*) as count from uws.remote where server = $1 and kept_until is null group by owner),
          waiting as (
       select j.id from uws.job j left join there t on t.owner = j.owner
        where j.server = $1 and j.phase = 'QUEUED' and j.dispatched_at is null and j.deleted_at is null
          and coalesce(t.count, 0) < $3
        order by j.created_at
        limit greatest(0, $2 - (select coalesce(sum(count), 0) from there)))
     update uws.job set dispatched_at = clock_timestamp()
      where id in (select id from waiting) and phase = 'QUEUED' and dispatched_at is null
  returning id`,
    [server, most.all, most.owner],
  )
  return rows.map(({ id }) => id)
}

/** How many queries of a server its backend still has, or its queue; not those sync ones that their instances see to. */
export async function countRemote(pool: pg.Pool, server: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `select (select count(*) from uws.remote
              where server = $1 and (kept_until is null or kept_until < clock_timestamp()))::int
          + (select count(*) from (select from uws.job
              where server = $1 and phase = 'QUEUED' and dispatched_at is null and deleted_at is null limit 1) w)::int as count`,
    [server],
  )
  return rows[0]?.count ?? 0
}

/** What a document says of a query that runs elsewhere; undefined: nothing is known. */
export interface RemoteNote {
  readonly queryId: string | null
  readonly progress: Progress | null
  /** When it will have ended, if it goes on as it did; null: that cannot be said. */
  readonly estimate: Date | null
}

export async function readRemote(pool: pg.Pool, job: string): Promise<RemoteNote | undefined> {
  const { rows } = await pool.query<{ query_id: string | null; progress: Progress | null; estimate: Date | null }>({
    name: 'uws_read_remote',
    text: `select query_id, progress,
                  case when (progress ->> 'done')::float8 > 0 and (progress ->> 'total')::float8 > 0
                       then begun_at + (looked_at - begun_at) * ((progress ->> 'total')::float8 / (progress ->> 'done')::float8)
                  end as estimate
             from uws.remote where job = $1`,
    values: [job],
  })
  const [row] = rows
  if (row === undefined) return undefined
  return { queryId: row.query_id, progress: row.progress, estimate: row.estimate }
}
