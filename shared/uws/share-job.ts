import type pg from 'pg'
import type { Item } from './event.ts'
import { JOB_COLUMNS, type Job, type JobRow, jobFromRow } from './job.ts'

/** Who may read: a user or a group, by name. */
export interface Grantee {
  readonly type: 'user' | 'group'
  readonly name: string
}

/** Of a job there is nothing that could be written. */
export type ShareMode = 'read' | 'write'

export interface Share {
  readonly grantee: Grantee
  readonly mode: ShareMode
  readonly created: Date
  /** null: as long as the item is there. */
  readonly until: Date | null
}

/** A user with the groups that he is in. */
export interface Reader {
  readonly user: string
  readonly groups: readonly string[]
}

/**
 * Lets others read a job with its result. Once more with the same grantee sets the time.
 *
 * @returns false: the job is gone, or has no owner, whose alone it could be
 */
export async function shareJob(
  pool: pg.Pool,
  id: string,
  grantees: readonly Grantee[],
  until: Date | null,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with job as materialized (
       select server, id, owner from uws.job where id = $1 and deleted_at is null and owner is not null for no key update)
     insert into uws.share (server, item_type, item, owner, grantee_type, grantee, expires_at)
     select server, 'job', id, owner, type, name, $4
       from job, unnest($2::text[], $3::text[]) as wanted(type, name)
     on conflict (server, item_type, item, grantee_type, grantee) do update set expires_at = excluded.expires_at`,
    [id, grantees.map(({ type }) => type), grantees.map(({ name }) => name), until],
  )
  return (rowCount ?? 0) > 0
}

/** Takes that back. Who has it not loses nothing. */
export async function unshareJob(pool: pg.Pool, id: string, grantees: readonly Grantee[]): Promise<void> {
  await pool.query(
    `with job as materialized (select server, id from uws.job where id = $1 and deleted_at is null for no key update)
     delete from uws.share
      using job, unnest($2::text[], $3::text[]) as wanted(type, name)
      where share.server = job.server and item_type = 'job' and item = job.id
        and grantee_type = wanted.type and grantee = wanted.name`,
    [id, grantees.map(({ type }) => type), grantees.map(({ name }) => name)],
  )
}

/** With whom something is shared now. */
export async function listShares(pool: pg.Pool, { server, type: itemType, id }: Item): Promise<readonly Share[]> {
  const { rows } = await pool.query<Omit<Share, 'grantee'> & Grantee>(
    `select grantee_type as type, grantee as name, mode, created_at as created, expires_at as until
       from uws.share
      where server = $1 and item_type = $2 and item = $3 and (expires_at is null or expires_at > clock_timestamp())
      order by grantee_type desc, grantee`,
    [server, itemType, id],
  )
  return rows.map(({ type, name, ...share }) => ({ grantee: { type, name }, ...share }))
}

/** Whether something is shared with a user, or with a group of his. */
export async function isSharedWith(pool: pg.Pool, { server, type, id }: Item, reader: Reader): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'uws_is_shared_with',
    text: `select from uws.share
            where server = $1 and item_type = $2 and item = $5 and ${GRANTED_TO}
              and (expires_at is null or expires_at > clock_timestamp())
            limit 1`,
    values: [server, type, reader.user, reader.groups, id],
  })
  return rowCount === 1
}

/** Of a row of `uws.share`: whether it is for the user $3 of the server $1, who is in the groups $4 and in those of users. */
const GRANTED_TO = `(grantee_type = 'user' and grantee = $3
  or grantee_type = 'group' and grantee = any ((select uws.groups_of($1, $3, $4))::text[]))`

/** The jobs of others that a user may read, newest first. */
export async function listSharedJobs(
  pool: pg.Pool,
  server: string,
  reader: Reader,
  filter: { readonly phases: readonly string[]; readonly after: Date | null; readonly last: number },
): Promise<readonly Job[]> {
  const { rows } = await pool.query<JobRow>(
    `select ${JOB_COLUMNS}
       from uws.job
      where id in (select item from uws.share
                    where server = $1 and item_type = 'job' and ${GRANTED_TO}
                      and (expires_at is null or expires_at > clock_timestamp()))
        and server = $1 and deleted_at is null and owner <> $3
        and case when cardinality($2::text[]) = 0 then phase <> 'ARCHIVED' else phase = any ($2) end
        and ($5::timestamptz is null or created_at > $5)
      order by created_at desc, id
      limit $6`,
    [server, filter.phases, reader.user, reader.groups, filter.after, filter.last],
  )
  return rows.map(jobFromRow)
}

/** Ends the shares of jobs whose time is over; the jobs are held, as by everybody who shares them. @returns how many */
export async function endShares(pool: pg.Pool, server: string): Promise<number> {
  const { rowCount } = await pool.query(
    `with job as materialized (
       select id from uws.job
        where id in (select item from uws.share
                      where server = $1 and item_type = 'job' and expires_at <= clock_timestamp())
        order by id for no key update)
     delete from uws.share
      using job
      where share.server = $1 and item_type = 'job' and item = job.id and expires_at <= clock_timestamp()`,
    [server],
  )
  return rowCount ?? 0
}
