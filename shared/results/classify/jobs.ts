/** What the job table says about one UWS job. */
export interface Job {
  /** UWS 1.1 §2.1.3; upper case. */
  readonly phase: string
  /** Milliseconds since 1970; null: it has none and lasts. */
  readonly destruction: number | null
  readonly deletedByUser: boolean
}

/** What is known of the table as a whole. Times are milliseconds since 1970. */
export interface JobTableState {
  /** When the newest job was made; null: the table is empty. */
  readonly newest: number | null
  /** By the clock of the database. */
  readonly now: number
}

/** The table of jobs. Both calls throw a transient Failure when it does not answer, or may not show every job. */
export interface JobStore {
  /** Those of the jobs that are in the table. */
  find(ids: readonly string[]): Promise<ReadonlyMap<string, Job>>
  inspect(): Promise<JobTableState>
}

/** Phases in which a job writes nothing any more. Everything else, also what no standard knows, counts as active. */
const ENDED: ReadonlySet<string> = new Set(['COMPLETED', 'ERROR', 'ABORTED'])

/** UWS 1.1: at its destruction time an archived job lost its results and kept its record. */
const DESTROYED: ReadonlySet<string> = new Set(['ARCHIVED'])

export function isActive({ phase }: Job): boolean {
  return !ENDED.has(phase) && !DESTROYED.has(phase)
}

export function isDestroyed({ phase }: Job): boolean {
  return DESTROYED.has(phase)
}
