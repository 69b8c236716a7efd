import type { Phase } from './phase.ts'

export type JobMode = 'async' | 'sync'

/** One job, as its row says it is. Times are of the database's clock. */
export interface Job {
  readonly id: string
  /** `sync`: a query that is answered while its client waits, here for the record. */
  readonly mode: JobMode
  /** The TAP server that was asked. */
  readonly server: string
  /** null: whoever knows the id. */
  readonly owner: string | null
  readonly runId: string | null
  readonly phase: Phase
  readonly created: Date
  readonly started: Date | null
  readonly ended: Date | null
  readonly executionSeconds: number
  readonly destruction: Date
  /** Names in upper case, in the order in which they came; only UPLOAD may be there more than once. */
  readonly parameters: readonly Parameter[]
  readonly uploads: readonly StoredUpload[]
  readonly error: JobError | null
  readonly result: JobResult | null
  /** Version of the release that the query saw. */
  readonly release: string | null
  readonly fence: string
  /** How many bytes its owner may keep, as it was when the job was made or started; null: no limit. */
  readonly byteLimit: number | null
}

export interface Parameter {
  readonly name: string
  readonly value: string
}

/** An object in the results bucket: only these very bytes are meant. */
export interface StoredObject {
  readonly object: string
  readonly generation: string
  readonly bytes: number
  readonly contentType: string
}

/** A table that came with the request. */
export interface StoredUpload extends StoredObject {
  /** The name of its part in the form, which `param:name` of UPLOAD names. */
  readonly name: string
}

export interface JobError {
  /** Whether the same query may work later (UWS 1.1 §2.1.7). */
  readonly type: 'transient' | 'fatal'
  readonly message: string
}

export interface JobResult extends StoredObject {
  readonly rows: number
  readonly overflow: boolean
}

/** The columns of a job, for `select` and `returning`. */
export const JOB_COLUMNS = `id, mode, server, owner, run_id, phase, created_at, started_at, ended_at, execution_seconds,
  destruction, parameters, uploads, error, result, release, fence::text as fence, byte_limit`

export interface JobRow {
  readonly id: string
  readonly mode: JobMode
  readonly server: string
  readonly owner: string | null
  readonly run_id: string | null
  readonly phase: Phase
  readonly created_at: Date
  readonly started_at: Date | null
  readonly ended_at: Date | null
  readonly execution_seconds: number
  readonly destruction: Date
  readonly parameters: readonly Parameter[]
  readonly uploads: readonly StoredUpload[]
  readonly error: JobError | null
  readonly result: JobResult | null
  readonly release: string | null
  readonly fence: string
  readonly byte_limit: string | null
}

export function jobFromRow(row: JobRow): Job {
  return {
    id: row.id,
    mode: row.mode,
    server: row.server,
    owner: row.owner,
    runId: row.run_id,
    phase: row.phase,
    created: row.created_at,
    started: row.started_at,
    ended: row.ended_at,
    executionSeconds: row.execution_seconds,
    destruction: row.destruction,
    parameters: row.parameters,
    uploads: row.uploads,
    error: row.error,
    result: row.result,
    release: row.release,
    fence: row.fence,
    byteLimit: row.byte_limit === null ? null : Number(row.byte_limit),
  }
}
