import type { UserTables } from '../query/user-tables.ts'
import { toQueryTables } from '../user-tables/describe-tables.ts'
import { openRows } from '../user-tables/read-rows.ts'
import { listReadable, noteUse, type ReadableTable, readGroups, type UserTable } from '../user-tables/user-table.ts'
import type { Reader } from '../uws/share-job.ts'
import type { ServedTap } from './served-tap.ts'

/** The tables of users that somebody may read; null: nobody knows him, and there are none. */
export async function readUserTables(
  { name, service, openJobs }: ServedTap,
  reader: Reader | null,
): Promise<readonly ReadableTable[]> {
  if (service.userTables === null || openJobs === null || reader === null) return []
  const { pool } = await openJobs()
  return listReadable(pool, name, reader)
}

/** The same for a query. undefined: the service has no such tables. */
export async function readQueryTables(served: ServedTap, reader: Reader | null): Promise<UserTables | undefined> {
  if (served.service.userTables === null || reader === null) return undefined
  const tables = await readUserTables(served, reader)
  if (tables.length === 0 || served.openJobs === null) return undefined
  const { pool } = await served.openJobs()
  const onUse = (ids: readonly string[]) => {
    // What is not written down now is with the next query; a table is kept for days.
    noteUse(pool, ids).catch(() => {})
  }
  const { rows } = served.service.limits.uploads
  const open = (table: UserTable) => openRows(pool, table, reader, rows)
  return toQueryTables(tables, { server: served.name, reader, onUse, open })
}

/** Those of whom a job belongs to, who need not be there: by the groups that he was in when he was there last. */
export async function readJobTables(served: ServedTap, owner: string | null): Promise<UserTables | undefined> {
  if (served.service.userTables === null || served.openJobs === null || owner === null) return undefined
  const { pool } = await served.openJobs()
  return readQueryTables(served, { user: owner, groups: await readGroups(pool, served.name, owner) })
}
