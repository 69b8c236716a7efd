/** What the job table says about one UWS job. */
export interface Job {
  /** UWS 1.1 §2.1.3; upper case. */
  readonly phase: string
  /** Milliseconds since 1970; null: it has none and lasts. */
  readonly destruction: number | null
  readonly deletedByUser: boolean
  /** Its one result, null while there is none; undefined: the table does not say which object that is. */
  readonly result?: { readonly object: string; readonly generation: string } | null
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

/**
 * Several tables, each of which has its own jobs. As long as one of them is empty, or behind, nothing can be said of jobs
 * that none of them has.
 */
export function joinJobStores(stores: readonly JobStore[]): JobStore {
  return {
    async find(ids) {
      const found = await Promise.all(stores.map((store) => store.find(ids)))
      return new Map(found.flatMap((jobs) => [...jobs]))
    },
    async inspect() {
      const states = await Promise.all(stores.map((store) => store.inspect()))
      const isEmpty = states.every(({ newest }) => newest === null)
      const newest = Math.min(...states.map((state) => state.newest ?? Number.NEGATIVE_INFINITY))
      return { newest: isEmpty ? null : newest, now: Math.min(...states.map(({ now }) => now)) }
    },
  }
}
