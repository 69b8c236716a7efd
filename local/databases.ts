import pg from 'pg'
import { initialiseRegistry } from '../shared/registry/state/record-table.ts'
import { initialiseDatabase } from '../shared/tap-schema/roles.ts'
import { quote } from '../shared/tap-schema/slots.ts'
import { initialiseUserTables } from '../shared/user-tables/ddl.ts'

/** Who connects as whom. None is a superuser; locally no login needs a password. */
export const LOGINS = {
  /** load-release: may stage. */
  loader: 'loader',
  /** swap-schema: may stage, swap and roll back. */
  operator: 'operator',
  /** May read the slots and the data: discovery, and the queries of users. */
  reader: 'tap_reader',
  /** tap and run-query: may work with jobs and tables of users, and read as the reader. */
  tap: 'tap_service',
  runner: 'query_runner',
  /** watch-queries: may work with jobs. */
  watcher: 'query_watcher',
  /** collect-results: may read the table of jobs. */
  collector: 'collector',
  /** registry: may publish records, and read the slots. */
  publisher: 'registry_publisher',
} as const

export type Login = keyof typeof LOGINS

/** The database of the jobs whose results are collected: those of another service, which answers no queries here. */
export const JOBS_DATABASE = 'uws'

export const LOGIN_KINDS: readonly Login[] = Object.keys(LOGINS) as Login[]

/**
 * Prepares one database per TAP server, named like it, with logins, roles, history, jobs, tables of users and records, and an empty one for the
 * jobs of the sample results; those that are there stay.
 *
 * @param superuserUrl of the `postgres` database
 * @param fresh whether databases of an earlier state folder are thrown away first
 */
export async function prepareDatabases(
  superuserUrl: string,
  names: readonly string[],
  { fresh }: { readonly fresh: boolean },
): Promise<void> {
  await administer(superuserUrl, async (client) => {
    for (const login of Object.values(LOGINS)) await createUnlessThere(client, 'role', login)
    await client.query(`grant ${LOGINS.reader} to ${LOGINS.tap}, ${LOGINS.runner}, ${LOGINS.publisher}`)
    await createUnlessThere(client, 'database', JOBS_DATABASE)
    for (const name of names) {
      if (fresh) await client.query(`drop database if exists ${quote(name)} with (force)`)
      await createUnlessThere(client, 'database', name)
    }
  })
  for (const name of names) {
    const pool = new pg.Pool({ connectionString: databaseUrl(superuserUrl, name), max: 1 })
    try {
      await initialiseDatabase(pool, {
        stagers: [LOGINS.loader],
        operators: [LOGINS.operator],
        readers: [LOGINS.reader],
        prepareMore: async (client) => {
          await initialiseUserTables(client, [LOGINS.tap, LOGINS.runner, LOGINS.watcher])
          await initialiseRegistry(client, [LOGINS.publisher, LOGINS.operator])
        },
      })
    } finally {
      await pool.end()
    }
  }
}

/** The URL of a TAP server's database, for one of the logins; the superuser's without. */
export function databaseUrl(superuserUrl: string, database: string, login?: Login): string {
  const url = new URL(superuserUrl)
  url.pathname = `/${encodeURIComponent(database)}`
  if (login !== undefined) url.username = LOGINS[login]
  return url.href
}

const STATEMENTS = {
  role: { find: 'select from pg_roles where rolname = $1', create: (name: string) => `create role ${name} login` },
  database: {
    find: 'select from pg_database where datname = $1',
    create: (name: string) => `create database ${name} template template0`,
  },
}

async function createUnlessThere(client: pg.Client, kind: 'role' | 'database', name: string): Promise<void> {
  const { find, create } = STATEMENTS[kind]
  const { rowCount } = await client.query(find, [name])
  if (rowCount === 0) await client.query(create(quote(name)))
}

async function administer(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
