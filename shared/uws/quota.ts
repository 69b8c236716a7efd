import type pg from 'pg'
import { Failure } from '../failure.ts'

/** What one owner may have at once; what is left out has no limit. */
export interface Limits {
  /** Jobs that are QUEUED or EXECUTING. */
  readonly underway?: number
  /** Jobs that are QUEUED. */
  readonly queued?: number
  /** Sync queries that run. */
  readonly sync?: number
  /** Bytes of results and uploaded tables that are kept. */
  readonly storedBytes?: number
  /** Tables of his own that are kept. */
  readonly tables?: number
  /** Bytes of those tables, as the database counts them. */
  readonly tableBytes?: number
}

export type LimitName = keyof Limits

/** What jobs take up. */
export type Usage = Required<Omit<Limits, 'tables' | 'tableBytes'>>

/** What a statement that would start something returns beside its row. null: it may. */
export interface Verdict {
  readonly reached: LimitName | null
}

/** What each limit counts, and what helps. */
const MEANINGS: Readonly<Record<LimitName, { readonly what: string; readonly remedy: string }>> = {
  underway: { what: 'jobs that are queued or executing', remedy: 'wait until one has ended, or abort one' },
  queued: { what: 'jobs that are queued', remedy: 'wait until one has started, or abort one' },
  sync: { what: 'sync queries at once', remedy: 'wait until one has ended, or use /async' },
  storedBytes: { what: 'bytes of results and uploaded tables', remedy: 'delete jobs that are no longer needed' },
  tables: { what: 'tables of your own', remedy: 'drop those that are no longer needed' },
  tableBytes: { what: 'bytes of tables of your own', remedy: 'drop tables that are no longer needed' },
}

/** The owner has as much as he may have: nothing was started. */
export class QuotaError extends Failure {
  readonly limit: LimitName

  constructor(limit: LimitName, limits: { readonly [K in LimitName]?: number | undefined }) {
    super('over-quota', 'quota', describeQuota(limit, limits[limit] ?? 0))
    this.limit = limit
  }
}

function describeQuota(limit: LimitName, most: number): string {
  const { what, remedy } = MEANINGS[limit]
  return `your quota is reached, ${most} ${what}: ${remedy}`
}

/** What an owner has now, counted from the rows. null: all who have no name, together. */
export async function readUsage(pool: pg.Pool, server: string, owner: string | null): Promise<Usage> {
  const { rows } = await pool.query<{ underway: string; queued: string; sync: string; stored_bytes: string }>(
    'select underway, queued, sync, stored_bytes from uws.usage($1, $2)',
    [server, owner],
  )
  const [{ underway = '0', queued = '0', sync = '0', stored_bytes = '0' } = {}] = rows
  return { underway: Number(underway), queued: Number(queued), sync: Number(sync), storedBytes: Number(stored_bytes) }
}
