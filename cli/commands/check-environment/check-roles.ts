import type pg from 'pg'
import { findUnknownRoles } from '../../../shared/tables/relations.ts'
import { findOtherObjects } from '../../../shared/tap-schema/other-objects.ts'
import { type Check, check } from './check.ts'

interface Prepared {
  readonly stager: boolean
  readonly owner: boolean
  readonly stages: boolean
  readonly swaps: boolean
  readonly history: boolean
  readonly jobs: boolean
  readonly live: string | null
}

/** What `almagest init` makes, and the reader roles, in a server's database. */
export async function checkRoles(
  server: string,
  pool: pg.Pool,
  { readers, hasService }: { readonly readers: readonly string[]; readonly hasService: boolean },
): Promise<readonly Check[]> {
  const { rows } = await pool.query<Prepared>(PREPARED)
  const [found] = rows
  if (found === undefined) return []
  const init = { subject: `${server}: init`, state: 'error' } as const
  if (!found.stager || !found.owner || !found.history) {
    return [{ ...init, message: 'roles or history are missing: run `almagest init` on this database' }]
  }
  const may = [...(found.stages ? ['stage'] : []), ...(found.swaps ? ['swap and roll back'] : [])]
  const rights = may.length === 0 ? 'reads only' : `may ${may.join(', ')}`
  return [
    { subject: `${server}: init`, state: 'ok', message: `roles and history are there; this login ${rights}` },
    ...(await checkReaders(server, pool, readers)),
    found.live === null
      ? { subject: `${server}: live`, state: 'warning', message: 'nothing is live yet: stage a release, then swap' }
      : { subject: `${server}: live`, state: 'ok', message: `${found.live} has tables` },
    ...(await checkOthers(server, pool)),
    ...(hasService ? [checkJobs(server, found.jobs)] : []),
  ]
}

/** DaCHS and CADC's servers keep tables of their own there. */
async function checkOthers(server: string, pool: pg.Pool): Promise<readonly Check[]> {
  const others = await withClient(pool, (client) => findOtherObjects(client, 'live'))
  if (others.length === 0) return []
  const message = `${others.join(', ')}: no part of a release, and moved to tap_schema_previous by the next swap; keep them in a schema of their own (docs/your-tap-service.md)`
  return [{ subject: `${server}: other objects`, state: 'warning', message }]
}

function checkJobs(server: string, isThere: boolean): Check {
  const subject = `${server}: jobs`
  if (isThere) return { subject, state: 'ok', message: 'the table of asynchronous queries is there' }
  const message = 'there is no table of asynchronous queries: run `almagest init --jobs-user …` where /async is wanted'
  return { subject, state: 'warning', message }
}

function checkReaders(server: string, pool: pg.Pool, readers: readonly string[]): Promise<readonly Check[]> {
  const subject = `${server}: reader roles`
  return check(subject, async () => {
    if (readers.length === 0) return []
    const unknown = await withClient(pool, (client) => findUnknownRoles(client, readers))
    if (unknown.length === 0) return 'are there'
    return { subject, state: 'error', message: `there is no role ${unknown.join(', ')}: create it, or mend readers` }
  })
}

async function withClient<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    return await work(client)
  } finally {
    client.release()
  }
}

/** A role that is not there has no members. */
const PREPARED = `
select exists (select from pg_roles where rolname = 'almagest_stager') as stager,
       exists (select from pg_roles where rolname = 'almagest_owner') as owner,
       coalesce((select pg_has_role(oid, 'usage') from pg_roles where rolname = 'almagest_stager'), false) as stages,
       coalesce((select pg_has_role(oid, 'usage') from pg_roles where rolname = 'almagest_owner'), false) as swaps,
       exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = 'almagest' and c.relname = 'history') as history,
       exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = 'uws' and c.relname = 'job') as jobs,
       (select n.nspname::text from pg_namespace n
         where n.nspname = 'tap_schema' and exists (select from pg_class c where c.relnamespace = n.oid)) as live`
