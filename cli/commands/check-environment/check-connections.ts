import type pg from 'pg'
import type { DatabaseAddress } from '../../../shared/database-address.ts'
import { connectAddress } from '../../../shared/deployment/server-connections.ts'
import { identifyDatabase } from '../../../shared/environment/database.ts'
import type { Environment } from '../../../shared/environment/environment.ts'
import type { JobTable } from '../../../shared/environment/results.ts'
import type { TapServer } from '../../../shared/environment/tap-server.ts'
import { openPubsubRest } from '../../../shared/platform/pubsub-rest.ts'
import { openBucket } from '../../../shared/platform/storage/objects.ts'
import { objectOf } from '../../../shared/releases/naming.ts'
import { openLogger } from '../publish/open-location.ts'
import { type Check, check } from './check.ts'
import { checkRoles } from './check-roles.ts'
import { checkUserTables } from './check-user-tables.ts'

/** Reaches for everything that an environment names. Nothing is changed. */
export async function checkConnections(environment: Environment): Promise<readonly Check[]> {
  const checks: Check[] = []
  checks.push(...(await checkReleases(environment)))
  for (const server of environment.servers.values()) checks.push(...(await checkServerDatabase(environment, server)))
  checks.push(...(await checkTopic(environment)), ...(await checkResults(environment)))
  return checks
}

async function checkReleases({ releases, servers, storage }: Environment): Promise<readonly Check[]> {
  if (releases === null) return []
  const bucket = openBucket({ bucket: releases.bucket, ...storage }, { logger: openLogger() })
  const reach = await check(`bucket ${releases.bucket}`, async () => {
    const found = await firstOf(bucket.list(''))
    return found === undefined ? 'can be read, and is empty' : 'can be read'
  })
  if (reach.some(({ state }) => state === 'error')) return reach
  const versions = new Set([...servers.values()].flatMap(({ schemaVersion }) => schemaVersion ?? []))
  const there = await Promise.all(
    [...versions].map((version) =>
      check(`release ${version}`, async () => {
        const object = objectOf(releases, version)
        const found = await bucket.stat(object)
        const message = `there is no gs://${releases.bucket}/${object}: publish it, or mend schemaVersion`
        return found === undefined
          ? { subject: `release ${version}`, state: 'warning', message }
          : `generation ${found.generation}`
      }),
    ),
  )
  return [...reach, ...there.flat()]
}

async function firstOf<T>(list: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of list) return item
  return undefined
}

async function checkServerDatabase(environment: Environment, server: TapServer): Promise<readonly Check[]> {
  const { name, database, readers, service } = server
  const own = await withDatabase(environment, database, `${name}: database`, async (pool) => [
    ...(await checkRoles(name, pool, { readers, hasService: service !== null })),
    ...(await checkKeptTables(server, pool)),
  ])
  const data = service?.query.database ?? null
  if (data === null || identifyDatabase(data) === identifyDatabase(database)) return own
  return [...own, ...(await withDatabase(environment, data, `${name}: data`, async () => []))]
}

async function checkKeptTables({ name, service }: TapServer, pool: pg.Pool): Promise<readonly Check[]> {
  const role = service?.query.role ?? null
  return service?.userTables == null || role === null ? [] : checkUserTables(name, pool, role)
}

async function withDatabase(
  environment: Environment,
  address: DatabaseAddress,
  subject: string,
  look: (pool: pg.Pool) => Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  return check(subject, async () => {
    const database = await connectAddress(environment, address, { applicationName: 'almagest', logger: openLogger() })
    try {
      const { rows } = await database.pool.query<{ login: string; version: string }>(
        "select current_user::text as login, current_setting('server_version') as version",
      )
      const message = `PostgreSQL ${rows[0]?.version} answers ${rows[0]?.login} (${identifyDatabase(address)})`
      return [{ subject, state: 'ok', message }, ...(await look(database.pool))]
    } finally {
      await database.close()
    }
  })
}

async function checkTopic({ topic }: Environment): Promise<readonly Check[]> {
  if (topic === null) return []
  return check(`topic ${topic}`, async () => {
    await openPubsubRest().read(topic)
    return 'is there'
  })
}

async function checkResults(environment: Environment): Promise<readonly Check[]> {
  const { results, storage } = environment
  if (results === null) return []
  const logger = openLogger()
  const buckets = await Promise.all(
    [...new Set([results.bucket, results.stateBucket])].map((bucket) =>
      check(`bucket ${bucket}`, async () => {
        await firstOf(openBucket({ bucket, ...storage }, { logger }).list(''))
        return 'can be read'
      }),
    ),
  )
  const { jobs } = results
  const tables = jobs === null ? [] : jobs.databases.map((address) => checkJobTable(environment, address, jobs))
  return [...buckets, ...(await Promise.all(tables))].flat()
}

function checkJobTable(
  environment: Environment,
  address: DatabaseAddress,
  { table }: JobTable,
): Promise<readonly Check[]> {
  const subject = `job table ${table.join('.')}`
  return withDatabase(environment, address, `results: jobs`, (pool) =>
    check(subject, async () => {
      const quoted = table.map((part) => `"${part.replaceAll('"', '""')}"`).join('.')
      const { rows } = await pool.query<{ found: boolean; readable: boolean }>(
        `select to_regclass($1) is not null as found,
                coalesce(has_table_privilege(to_regclass($1), 'select'), false) as readable`,
        [quoted],
      )
      const [row] = rows
      if (row?.found !== true)
        return { subject, state: 'error', message: 'there is no such table: mend results.jobs.table' }
      return row.readable
        ? 'can be read'
        : { subject, state: 'error', message: 'may not be read by this login: grant select on it' }
    }),
  )
}
