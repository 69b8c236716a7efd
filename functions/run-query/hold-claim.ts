import type pg from 'pg'
import { QueryCancelledError } from '../../shared/query/errors.ts'
import { type Claim, holdsClaim, renewLease } from '../../shared/uws/work-on-job.ts'

export interface HeldClaim {
  /** Aborted when the job was aborted, deleted or given to another worker, or when the lease could not be renewed. */
  readonly lost: AbortSignal
  /** Ends the watching. */
  release(): Promise<void>
}

/** How long a worker may be silent before another one gets its job. */
export const LEASE_SECONDS = 30

/** An abort is to be seen within a second. */
const LOOK_MS = 400

/** Looks after a claim while its job is worked on: renews the lease, and sees when it is lost (DESIGN §8.3 rule 2). */
export function holdClaim(pool: pg.Pool, claim: Claim, leaseSeconds: number): HeldClaim {
  const lost = new AbortController()
  const leaseMs = leaseSeconds * 1000
  let renewed = performance.now()
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let looking = Promise.resolve()
  const look = async () => {
    try {
      const started = performance.now()
      const isDue = started - renewed > leaseMs / 3
      const holds = await (isDue ? renewLease(pool, claim, leaseSeconds) : holdsClaim(pool, claim))
      if (!holds) lost.abort(new QueryCancelledError())
      else if (isDue) renewed = started
    } catch (error) {
      // The database may answer again before the lease is over; when it is, somebody else may have the job.
      if (performance.now() - renewed > leaseMs) lost.abort(new QueryCancelledError(error))
    }
    if (!stopped && !lost.signal.aborted) schedule()
  }
  const schedule = () => {
    timer = setTimeout(() => {
      looking = look()
    }, LOOK_MS)
  }
  schedule()
  return {
    lost: lost.signal,
    async release() {
      stopped = true
      clearTimeout(timer)
      await looking
    },
  }
}
