import type pg from 'pg'
import { JOB_COLUMNS, type Job, type JobMode, type JobRow, jobFromRow } from './job.ts'
import type { Phase } from './phase.ts'

/** undefined: there is none, or it was deleted. */
export async function readJob(pool: pg.Pool, server: string, id: string): Promise<Job | undefined> {
  const { rows } = await pool.query<JobRow>({
    name: 'uws_read_job',
    text: `select ${JOB_COLUMNS} from uws.job where id = $1 and server = $2 and deleted_at is null`,
    values: [id, server],
  })
  return rows[0] === undefined ? undefined : jobFromRow(rows[0])
}

/** The phases of several jobs at once; what is missing is gone. */
export async function readPhases(pool: pg.Pool, ids: readonly string[]): Promise<ReadonlyMap<string, Phase>> {
  const { rows } = await pool.query<{ id: string; phase: Phase }>({
    name: 'uws_read_phases',
    text: 'select id, phase from uws.job where id = any ($1) and deleted_at is null',
    values: [ids],
  })
  return new Map(rows.map(({ id, phase }) => [id, phase]))
}

export interface JobFilter {
  readonly server: string
  readonly owner: string
  readonly modes: readonly JobMode[]
  /** Empty: all but ARCHIVED. */
  readonly phases: readonly string[]
  /** Only what was created later. */
  readonly after: Date | null
  /** Only so many, the newest. */
  readonly last: number
}

/** The async jobs of everybody, or of one owner, newest first: for operators. */
export async function listAllJobs(
  pool: pg.Pool,
  filter: Omit<JobFilter, 'owner' | 'modes'> & { readonly owner: string | null },
): Promise<readonly Job[]> {
  const { rows } = await pool.query<JobRow>(
    `select ${JOB_COLUMNS}
       from uws.job
      where server = $1 and ($2::text is null or owner = $2) and mode = 'async' and deleted_at is null
        and case when cardinality($3::text[]) = 0 then phase <> 'ARCHIVED' else phase = any ($3) end
        and ($4::timestamptz is null or created_at > $4)
      order by created_at desc, id
      limit $5`,
    [filter.server, filter.owner, filter.phases, filter.after, filter.last],
  )
  return rows.map(jobFromRow)
}

/** The jobs of one owner, newest first (UWS 1.1 §2.2.2.1). */
export async function listJobs(pool: pg.Pool, filter: JobFilter): Promise<readonly Job[]> {
  const { rows } = await pool.query<JobRow>(
    `select ${JOB_COLUMNS}
       from uws.job
      where server = $1 and owner = $2 and mode = any ($6) and deleted_at is null
        and case when cardinality($3::text[]) = 0 then phase <> 'ARCHIVED' else phase = any ($3) end
        and ($4::timestamptz is null or created_at > $4)
      order by created_at desc, id
      limit $5`,
    [filter.server, filter.owner, filter.phases, filter.after, filter.last, filter.modes],
  )
  return rows.map(jobFromRow)
}
