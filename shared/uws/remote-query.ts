import type pg from 'pg'
import { newJobId } from './create-job.ts'
import { JOB_COLUMNS, type Job, type JobRow, jobFromRow } from './job.ts'
import type { Claim } from './work-on-job.ts'

/**
 * What happens to a query that a backend runs by itself, for a job that is EXECUTING meanwhile without a worker: its lease
 * has no end then.
 */

export type RemoteState = 'submitting' | 'running' | 'ready'

/** One attempt to let a backend run the query of a job. */
export interface RemoteAttempt {
  readonly job: string
  /** That of the claim that has submitted it. Another attempt has another one. */
  readonly fence: string
}

/** What is known of it. */
export interface RemoteQuery extends RemoteAttempt {
  readonly state: RemoteState
  /** Its name in the backend; null: not known yet, or never. */
  readonly queryId: string | null
  /** What was loaded into the backend for it. */
  readonly uploads: string | null
}

export interface NewRemote {
  readonly server: string
  readonly owner: string | null
  /** What is needed to read its result, as JSON has it. */
  readonly plan: unknown
  readonly uploads: string | null
  /** How long the backend may go on loading what an earlier attempt has begun to load. */
  readonly loadSeconds: number
  /** How many may be there at once, in all and for one owner. */
  readonly most: { readonly all: number; readonly owner: number }
}

/** Between two statements of a submit. */
const SUBMIT_IDLE_SECONDS = 5

/**
 * Writes that a query is about to be submitted, before it is (rule 5).
 *
 * @returns how often that was written for this job, this time included; `lost`: the claim does not hold any more; `all` or
 *   `owner`: there are as many as may be, and nothing was written
 */
export async function beginSubmit(
  pool: pg.Pool,
  { id, fence }: Claim,
  { server, owner, plan, uploads, loadSeconds, most }: NewRemote,
): Promise<number | 'lost' | 'all' | 'owner'> {
  const client = await pool.connect()
  // A connection can die between two statements: without a listener that would end the process.
  client.on('error', ignore)
  try {
    // All others wait for this: an instance that is cut off in the middle must not hold them up.
    await client.query(`begin; set local idle_in_transaction_session_timeout = '${SUBMIT_IDLE_SECONDS}s'`)
    // Those who count and add must not do so at once.
    await client.query("select pg_advisory_xact_lock(hashtext('uws.remote'), hashtext($1))", [server])
    const { rows } = await client.query<{ all: number; own: number; holds: boolean; is_new: boolean }>(
      `select (select count(*) from uws.remote where server = $1 and job <> $3 and kept_until is null)::int as all,
              (select count(*) from uws.remote where server = $1 and job <> $3 and owner = $2)::int as own,
              exists (select from uws.job where id = $3 and fence = $4 and phase = 'EXECUTING') as holds`,
      [server, owner, id, fence],
    )
    const [counted] = rows
    const verdict =
      counted?.holds !== true ? 'lost' : counted.all >= most.all ? 'all' : counted.own >= most.owner ? 'owner' : null
    if (verdict !== null) {
      await client.query('rollback')
      return verdict
    }
    await client.query(`${LEAVE_BEHIND} and (query_id is not null or uploads is distinct from $4)`, [
      id,
      newJobId(),
      loadSeconds,
      uploads,
    ])
    const { rows: written } = await client.query<{ submits: number }>(
      `insert into uws.remote as r (job, server, owner, state, fence, submits, plan, uploads)
       values ($1, $2, $3, 'submitting', $4, 1, $5, $6)
       on conflict (job) do update
          set state = 'submitting', fence = excluded.fence, submits = r.submits + 1, plan = excluded.plan,
              uploads = excluded.uploads, query_id = null, begun_at = clock_timestamp(), looked_at = null,
              kept_until = null
       returning submits`,
      [id, server, owner, fence, JSON.stringify(plan), uploads],
    )
    await client.query('commit')
    return written[0]?.submits ?? 'lost'
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    client.off('error', ignore)
    client.release()
  }
}

/** The statement fails that meets the dead connection. */
function ignore(): void {}

/** What another attempt has left in the backend: it is removed when nobody can be loading anything for it any more. */
const LEAVE_BEHIND = `
  insert into uws.remote (job, server, state, fence, query_id, plan, uploads, kept_until)
  select $2, server, state, fence, query_id, 'null', uploads, clock_timestamp() + make_interval(secs => $3)
    from uws.remote where job = $1 and (uploads is not null or query_id is not null)`

/** Nothing was submitted, but what was loaded for it may still come: the job forgets it, the backend will be asked to. */
export async function leaveUploads(pool: pg.Pool, { job, fence }: RemoteAttempt, loadSeconds: number): Promise<void> {
  await pool.query(
    `with left_behind as (${LEAVE_BEHIND} and fence = $4) delete from uws.remote where job = $1 and fence = $4`,
    [job, newJobId(), loadSeconds, fence],
  )
}

/**
 * The backend has taken it. Its name is written in any case; the job goes on without a worker, if it still wants it, else the
 * query belongs to nobody. Can be repeated.
 *
 * @returns whether it does
 */
export async function noteSubmitted(pool: pg.Pool, { id, fence }: Claim, queryId: string): Promise<boolean> {
  const { rows } = await pool.query<{ wanted: boolean }>(
    `with held as (
       select id from uws.job where id = $1 and fence = $2 and phase = 'EXECUTING' for update),
          noted as (
       update uws.remote
          set state = 'running', query_id = $3, begun_at = clock_timestamp(),
              kept_until = case when not exists (select from held) then clock_timestamp() end
        where job = $1 and fence = $2 and state = 'submitting' returning job),
          kept as (
       update uws.job set lease_until = 'infinity'
        where id = (select id from held) and id = (select job from noted) returning id)
     select exists (select from kept)
         or exists (select from uws.remote r join uws.job j on j.id = r.job
                     where r.job = $1 and r.fence = $2 and r.query_id = $3 and r.kept_until is null
                       and j.phase = 'EXECUTING') as wanted`,
    [id, fence, queryId],
  )
  return rows[0]?.wanted === true
}

/** Nothing of it is in the backend any more, or ever was. What another attempt has there since is not forgotten. */
export async function forgetRemote(pool: pg.Pool, { job, fence }: RemoteAttempt): Promise<void> {
  await pool.query('delete from uws.remote where job = $1 and fence = $2', [job, fence])
}

/** undefined: there is nothing of the job in its backend. */
export async function readRemoteQuery(pool: pg.Pool, job: string): Promise<RemoteQuery | undefined> {
  const { rows } = await pool.query<RemoteQuery>(
    'select job, fence::text as fence, state, query_id as "queryId", uploads from uws.remote where job = $1',
    [job],
  )
  return rows[0]
}

/** running → ready: its result waits to be read. False: somebody else has seen it, or it is gone. */
export async function markReady(pool: pg.Pool, job: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update uws.remote set state = 'ready', sent_at = null where job = $1 and state = 'running'`,
    [job],
  )
  return rowCount === 1
}

/** A job whose result one worker reads now. */
export interface ReadyJob extends RemoteQuery {
  readonly claimed: Job
  readonly queryId: string
  readonly plan: unknown
  /** How often somebody has begun to read it, this time included. */
  readonly fetches: number
  readonly submitted: Date
}

/** Claims a job to read its result. undefined: it is not ready, or somebody reads it. */
export async function claimReady(pool: pg.Pool, id: string, leaseSeconds: number): Promise<ReadyJob | undefined> {
  const { rows } = await pool.query<
    JobRow & {
      remote_fence: string
      query_id: string
      remote_uploads: string | null
      plan: unknown
      fetches: number
      begun_at: Date
    }
  >(
    `with claimed as (
       update uws.job
          set fence = fence + 1, lease_until = clock_timestamp() + make_interval(secs => $2)
        where id = $1 and phase = 'EXECUTING' and deleted_at is null
          and (lease_until = 'infinity' or lease_until < clock_timestamp())
          and exists (select from uws.remote where job = $1 and state = 'ready')
       returning ${JOB_COLUMNS}),
          counted as (
       update uws.remote set fetches = fetches + 1 where job = (select id from claimed)
       returning fence::text as remote_fence, query_id, uploads as remote_uploads, plan, fetches, begun_at)
     select * from claimed, counted`,
    [id, leaseSeconds],
  )
  const [row] = rows
  if (row === undefined) return undefined
  const { remote_fence: fence, query_id: queryId, remote_uploads: uploads, plan, fetches, begun_at: submitted } = row
  return { job: id, fence, state: 'ready', claimed: jobFromRow(row), queryId, uploads, plan, fetches, submitted }
}

/** ready → running: it has not ended after all, and is watched again. */
export async function returnRunning(pool: pg.Pool, { id, fence }: Claim): Promise<void> {
  await pool.query(
    `with returned as (
       update uws.job set lease_until = 'infinity' where id = $1 and fence = $2 and phase = 'EXECUTING' returning id)
     update uws.remote set state = 'running', fetches = fetches - 1, sent_at = null
      where job = (select id from returned) and state = 'ready'`,
    [id, fence],
  )
}

/** The result could not be read now: another worker will. */
export async function returnReady(pool: pg.Pool, { id, fence }: Claim): Promise<void> {
  await pool.query(
    `with returned as (
       update uws.job set lease_until = 'infinity' where id = $1 and fence = $2 and phase = 'EXECUTING' returning id)
     update uws.remote set sent_at = null where job = (select id from returned)`,
    [id, fence],
  )
}
