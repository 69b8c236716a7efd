import pg from 'pg'
import { Failure } from '../failure.ts'
import { createGroupRoles } from '../group-roles.ts'
import { UWS_DDL } from './ddl.ts'

/** May work with jobs, and change nothing about their table: the functions `tap`, `run-query` and `watch-queries`. */
export const JOBS_ROLE = 'almagest_jobs'

/**
 * Makes the table of jobs, or adds what an earlier version did not have, and lets `users` work with it and `readers` read
 * it (`collect-results`). The table belongs to who makes it. In one transaction of the caller's; it can be done again.
 *
 * @throws ForeignJobsError, and what PostgreSQL says
 */
export async function initialiseJobs(
  client: pg.ClientBase,
  users: readonly string[],
  readers: readonly string[] = [],
): Promise<void> {
  await refuseForeignTable(client)
  await client.query(UWS_DDL)
  await client.query(createGroupRoles(JOBS_ROLE))
  await client.query(`
    grant usage on schema uws to ${JOBS_ROLE};
    grant select, insert, update, delete on uws.job, uws.remote, uws.event, uws.share, uws.notification, uws.login,
      uws.user_group, uws.group_member to ${JOBS_ROLE}`)
  for (const user of users) await client.query(`grant ${JOBS_ROLE} to ${pg.escapeIdentifier(user)}`)
  for (const reader of readers.map(pg.escapeIdentifier)) {
    await client.query(`grant usage on schema uws to ${reader}; grant select on uws.job to ${reader}`)
  }
}

/** Another service keeps its jobs in a table of the same name; `create … if not exists` would take it for ours. */
async function refuseForeignTable(client: pg.ClientBase): Promise<void> {
  const { rowCount } = await client.query(
    `select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'uws' and c.relname = 'job'
        and not exists (select from pg_attribute where attrelid = c.oid and attname = 'fence')`,
  )
  if (rowCount !== 0) throw new ForeignJobsError()
}

/** `uws.job` is the table of another service, such as one built on CADC's library. */
export class ForeignJobsError extends Failure {
  constructor() {
    super(
      'misconfigured',
      'foreign_jobs',
      'this database has a table uws.job that Almagest did not make: keep the jobs in another database (tap.servers.NAME.service.jobs.database) and run init there',
    )
  }
}
