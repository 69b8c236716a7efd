import { lazily } from '../../lazily.ts'
import { checkClocks } from '../clock.ts'
import { EmptyJobTableError } from '../result-failures.ts'
import type { Owner } from './classify-result.ts'
import type { JobStore } from './jobs.ts'

const NOBODY: Owner = { kind: 'nobody' }

/** Finds owners for the pages of one pass. */
export interface OwnerLookup {
  /**
   * Who the jobs are; one question for all of them.
   *
   * @throws EmptyJobTableError, ClocksDifferError, and what the job store throws
   */
  find(jobs: ReadonlySet<string>): Promise<(job: string | null) => Owner>
  readonly lookups: number
}

/**
 * Without a job table everything belongs to nobody. An answer of a table that may be broken is not used.
 *
 * @param storeTime the time by the clock of the store
 */
export function createOwnerLookup(store: JobStore | null, graceMs: number, storeTime: () => number): OwnerLookup {
  if (store === null) return { find: async () => () => NOBODY, lookups: 0 }
  let lookups = 0
  const askNewest = async () => (await inspectJobs(store, storeTime)).newest
  const newest = lazily(askNewest)
  return {
    get lookups() {
      return lookups
    },
    async find(jobs) {
      const reach = await newest()
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

/**
 * Looks whether the table can be believed. One whose newest job lies in the future has times that are not UTC, or has
 * them of another clock.
 *
 * @returns when its newest job was made, and the earliest time that a clock shows
 * @throws EmptyJobTableError, ClocksDifferError, and what the job store throws
 */
export async function inspectJobs(
  store: JobStore,
  storeTime: () => number,
): Promise<{ readonly newest: number; readonly earliest: number }> {
  const { newest, now } = await store.inspect()
  const earliest = checkClocks({ store: storeTime(), database: now })
  if (newest === null) throw new EmptyJobTableError()
  if (newest > earliest) checkClocks({ store: storeTime(), 'newest job': newest })
  return { newest, earliest }
}
