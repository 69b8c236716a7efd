import type { SyncLedger } from '../query/qserv/sync-ledger.ts'
import { newJobId } from '../uws/create-job.ts'
import { forgetRemote } from '../uws/remote-query.ts'
import { beginSyncRemote, noteSyncSubmitted, SYNC_FENCE } from '../uws/sync-remote.ts'
import type { ServedTap } from './served-tap.ts'

/** Sync queries in Qserv, beside those of the jobs of a server: `watch-queries` removes what is left of them. */
export function keepSyncLedger(server: string, openJobs: NonNullable<ServedTap['openJobs']>): SyncLedger {
  return {
    newEntry() {
      const id = newJobId()
      return {
        id,
        async begin(uploads, forMs) {
          const { pool } = await openJobs()
          await beginSyncRemote(pool, { id, server, uploads, keptSeconds: Math.ceil(forMs / 1000) })
        },
        async noteSubmitted(queryId) {
          const { pool } = await openJobs()
          await noteSyncSubmitted(pool, id, queryId)
        },
        async forget() {
          const { pool } = await openJobs()
          await forgetRemote(pool, { job: id, fence: SYNC_FENCE })
        },
      }
    },
  }
}
