import type { DatabaseAddress } from '../database-address.ts'

/** The results bucket of a deployment and what is deleted from it. Every duration is in milliseconds. */
export interface ResultsConfig {
  readonly bucket: string
  readonly mode: SweepMode
  /** Name of the object that holds the lease, the position and the last report. */
  readonly stateObject: string
  /** The bucket of that object; usually the same. */
  readonly stateBucket: string
  /** In the order of the file: the first one that fits decides. */
  readonly rules: readonly ResultRule[]
  /** null: ages decide alone. */
  readonly jobs: JobTable | null
  readonly limits: SweepLimits
}

export type SweepMode = 'dry-run' | 'delete'

export type ResultKind = 'result' | 'error' | 'upload' | 'temporary'

export interface ResultRule {
  readonly name: string
  readonly kind: ResultKind
  /** Regular expression for RE2, from `^` to `$`: fits whole names; a group `job` holds the job id. */
  readonly pattern: string
  readonly retentionMs: number
  readonly minimumAgeMs: number
}

/** Where the UWS jobs are; names as PostgreSQL keeps them. */
export interface JobTable {
  readonly database: DatabaseAddress
  /** Schema and table, or the table alone. */
  readonly table: readonly string[]
  readonly columns: Readonly<Record<JobColumn, string>>
  readonly graceMs: number
}

export type JobColumn = 'id' | 'phase' | 'destruction' | 'deleted' | 'creation'

export interface SweepLimits {
  readonly deletesPerSecond: number
  readonly deletesAtOnce: number
  /** 1 to 100. */
  readonly deletePercent: number
  readonly deleteAnyway: number
  /** 0 to 100. */
  readonly orphanPercent: number
  readonly timeBudgetMs: number
  readonly leaseMs: number
}
