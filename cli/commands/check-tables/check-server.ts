import type pg from 'pg'
import { tablesFromRows } from '../../../shared/adql/tables-from-rows.ts'
import type { DatabaseAddress } from '../../../shared/database-address.ts'
import { connectAddress, connectServer } from '../../../shared/deployment/server-connections.ts'
import type { Environment } from '../../../shared/environment/environment.ts'
import type { PhysicalNames } from '../../../shared/environment/physical-names.ts'
import type { TapServer } from '../../../shared/environment/tap-server.ts'
import { databaseUserOf } from '../../../shared/platform/postgres/cloud-sql.ts'
import { type CheckOptions, checkTables, type TableCheck } from '../../../shared/tables/check-tables.ts'
import { watchLiveMetadata } from '../../../shared/tap/live-metadata.ts'
import { isOwnName } from '../../../shared/tap/own-tables.ts'
import { withPhysicalNames } from '../../../shared/tap/physical-names.ts'
import { findLiveReaders } from '../../../shared/tap-schema/readers.ts'
import { openLogger } from '../publish/open-location.ts'

/** What a check found at one TAP server. */
export interface ServerCheck extends TableCheck {
  /** null: a database was named, not a server. */
  readonly server: string | null
  /** What is live. */
  readonly version: string
  readonly readers: readonly string[]
}

export interface CheckWish extends Omit<CheckOptions, 'readers'> {
  readonly names: PhysicalNames
  /** Schemas of TAP_SCHEMA whose tables are looked for; null: all. */
  readonly schemas: readonly string[] | null
  /** null: the roles that may read what is live. */
  readonly readers: readonly string[] | null
}

interface Databases {
  /** Where TAP_SCHEMA lies. */
  readonly metadata: pg.Pool
  /** Where the tables lie. */
  readonly data: pg.Pool
}

/** Compares the live TAP_SCHEMA of one database with the tables of another, or of the same. */
export async function checkDatabase(
  { metadata, data }: Databases,
  wish: CheckWish,
): Promise<Omit<ServerCheck, 'server'>> {
  const { names, schemas } = wish
  const { rows, version } = await watchLiveMetadata({ pool: metadata, role: null, names }).refresh()
  const tables = tablesFromRows(rows.tables, rows.columns)
    .filter(({ schema }) => !isOwnName(schema.text))
    .filter(
      ({ schema }) => schemas === null || schemas.some((name) => name.toLowerCase() === schema.text.toLowerCase()),
    )
    .map((table) => withPhysicalNames(table, names))
  const readers = wish.readers ?? (await findLiveReaders(metadata))
  return { version, readers, ...(await checkTables(data, tables, { ...wish, readers })) }
}

/** Compares what is live at a server of an environment with the tables of its service. */
export async function checkServer(
  environment: Environment,
  server: TapServer,
  wish: Pick<CheckWish, 'readers'>,
): Promise<ServerCheck> {
  const options = { applicationName: 'almagest', logger: openLogger() }
  const { service } = server
  const metadata = await connectServer(environment, server, options)
  const address = service?.query.database ?? server.database
  const data = address === server.database ? metadata : await connectAddress(environment, address, options)
  try {
    const found = await checkDatabase({ metadata: metadata.pool, data: data.pool }, wishOf(server, address, wish))
    return { server: server.name, ...found }
  } finally {
    await data.close()
    await metadata.close()
  }
}

function wishOf({ service }: TapServer, address: DatabaseAddress, { readers }: Pick<CheckWish, 'readers'>): CheckWish {
  const user = service?.query.role ?? userOf(address)
  return {
    geometry: service?.geometry ?? 'auto',
    names: service?.names ?? namesBy('lower'),
    // Qserv cannot be asked for its tables.
    schemas: service?.query.schemas ?? (service?.query.qserv ? [] : null),
    readers: readers ?? (user === null ? null : [user]),
  }
}

/** Who logs in there. */
function userOf(address: DatabaseAddress): string | null {
  if (address.kind === 'cloudsql') return databaseUserOf(address.user)
  return decodeURIComponent(URL.parse(address.url)?.username ?? '') || null
}

export function namesBy(rule: PhysicalNames['rule']): PhysicalNames {
  return { rule, schemas: new Map(), tables: new Map(), columns: new Map() }
}
