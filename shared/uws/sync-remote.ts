import type pg from 'pg'

/** Sync queries that a backend runs, and what was loaded there for them, so that it is found when their instance dies. */

/** Of each: there is one attempt, by one instance. */
export const SYNC_FENCE = '1'

export interface NewSyncRemote {
  /** Names it; no job has this name. */
  readonly id: string
  readonly server: string
  /** What is about to be loaded into the backend. */
  readonly uploads: string | null
  /** How long its instance sees to it, at most. */
  readonly keptSeconds: number
}

/** Writes that a query is about to be submitted, before anything of it is in the backend (DESIGN §8.3 rule 5). */
export async function beginSyncRemote(
  pool: pg.Pool,
  { id, server, uploads, keptSeconds }: NewSyncRemote,
): Promise<void> {
  await pool.query({
    name: 'uws_begin_sync_remote',
    text: `insert into uws.remote (job, server, state, fence, submits, plan, uploads, kept_until)
           values ($1, $2, 'submitting', ${SYNC_FENCE}, 1, 'null', $3, clock_timestamp() + make_interval(secs => $4))`,
    values: [id, server, uploads, keptSeconds],
  })
}

/** The backend has taken it. */
export async function noteSyncSubmitted(pool: pg.Pool, id: string, queryId: string): Promise<void> {
  await pool.query({
    name: 'uws_note_sync_submitted',
    text: `update uws.remote set state = 'running', query_id = $2 where job = $1 and state = 'submitting'`,
    values: [id, queryId],
  })
}
