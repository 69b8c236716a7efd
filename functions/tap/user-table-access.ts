import type pg from 'pg'
import { noteQuota } from '../../shared/deployment/note-quota.ts'
import type { JobBackend, ServedTap, TapDependencies } from '../../shared/deployment/served-tap.ts'
import type { TapJobs } from '../../shared/environment/tap-jobs.ts'
import { limitsOf } from '../../shared/environment/tap-quotas.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import type { Caller } from '../../shared/platform/identity.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import type { TableLimits } from '../../shared/user-tables/change-tables.ts'
import { readGroups } from '../../shared/user-tables/user-table.ts'
import { QuotaError } from '../../shared/uws/quota.ts'
import { findServer } from './find-server.ts'
import { holderOf, ownerOf } from './quota-holder.ts'

/** What a request about a user's own tables works with. */
export interface OwnTables {
  readonly server: string
  readonly owner: string
  readonly pool: pg.Pool
  readonly jobs: TapJobs
  readonly openJobs: () => Promise<JobBackend>
  readonly limits: TableLimits
  readonly queryRole: string
  readonly served: ServedTap
  /** What somebody else may have whose table the caller loads. */
  readonly limitsOf: (owner: string) => Promise<TableLimits>
  /** Rows and bytes of one load. */
  readonly load: { readonly rows: number; readonly bytes: number }
}

/** Does what may need more room than the caller has; a refusal is shown to him for a while. @throws what `work` throws */
export async function withinQuota<T>(
  { server, owner, openJobs }: OwnTables,
  logger: Logger,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof QuotaError) await noteQuota(await openJobs(), { server, owner, error, logger })
    throw error
  }
}

/** @throws HttpError 403 for somebody who is not known, 404 where the service keeps no tables */
export async function openOwnTables(
  { servers }: Pick<TapDependencies, 'servers'>,
  name: string,
  caller: Caller,
): Promise<OwnTables> {
  const served = findServer(servers, name)
  const { userTables, jobs, query } = served.service
  const { openJobs } = served
  if (userTables === null || jobs === null || openJobs === null || query.role === null) {
    throw new HttpError(404, { msg: `the service ${name} keeps no tables of users`, type: 'no_user_tables' })
  }
  const owner = ownerOf(caller)
  if (owner === null) throw new HttpError(403, { msg: 'only users who are known keep tables', type: 'denied' })
  const { pool } = await openJobs()
  const limits = limitsOf(jobs.quotas, holderOf(caller))
  const ownersLimits = async (username: string) =>
    username === owner
      ? limits
      : limitsOf(jobs.quotas, { username, groups: await readGroups(pool, name, username), concurrent: new Map() })
  return {
    ...{ server: name, owner, pool, jobs, openJobs, limits, limitsOf: ownersLimits },
    ...{ queryRole: query.role, served, load: userTables },
  }
}
