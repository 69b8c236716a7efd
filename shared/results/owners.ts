import type { Owner } from './classify.ts'
import { EmptyJobTableError } from './failures.ts'
import type { JobStore } from './jobs.ts'

const NOBODY: Owner = { kind: 'nobody' }

/** Finds owners for the pages of one pass. */
export interface OwnerLookup {
  /**
   * Who the jobs are; one question for all of them.
   *
   * @throws EmptyJobTableError, and what the job store throws
   */
  find(jobs: ReadonlySet<string>): Promise<(job: string | null) => Owner>
  readonly lookups: number
}

/** Without a job table everything belongs to nobody. An answer that may come of a broken table is none. */
export function createOwnerLookup(store: JobStore | null, graceMs: number): OwnerLookup {
  if (store === null) return { find: async () => () => NOBODY, lookups: 0 }
  let newest: Promise<number> | undefined
  let lookups = 0
  const askNewest = async () => {
    const time = await store.newest()
    if (time === null) throw new EmptyJobTableError()
    return time
  }
  return {
    get lookups() {
      return lookups
    },
    async find(jobs) {
      newest ??= askNewest()
      const reach = await newest
      if (jobs.size === 0) return () => NOBODY
      lookups += 1
      const found = await store.find([...jobs])
      // Not one of them known: perhaps the table was emptied since the start.
      if (found.size === 0) await askNewest()
      const unknown: Owner = { kind: 'unknown', newest: reach, graceMs }
      return (id) => {
        if (id === null) return NOBODY
        const job = found.get(id)
        return job === undefined ? unknown : { kind: 'job', job }
      }
    },
  }
}
