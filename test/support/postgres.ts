import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject, onTestFinished } from 'vitest'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { administer, copyTemplate } from './template-database.ts'

export interface TestDatabase {
  readonly name: string
  /** Superuser URL. */
  readonly url: string
  /** The same database for another login. */
  urlAs(role: string): string
  /** Superuser pool; further pools come from `poolAs`. */
  readonly pool: pg.Pool
  poolAs(role: string, max?: number): pg.Pool
  /** A login with a unique name that is a member of the given roles. */
  createLogin(...memberOf: string[]): Promise<string>
  /** Ends all pools, so that others can be copied from it. */
  disconnect(): Promise<void>
  drop(): Promise<void>
}

/**
 * A database of its own on the run's cluster, with Almagest's roles and history unless `initialised` is false. It goes
 * when the test that made it has finished; call `drop` yourself when you make it in `beforeAll`. `unicode`: upper and
 * lower case are Unicode's, not only those of ASCII; `copyOf`: another one, to which nobody is connected.
 */
export async function createTestDatabase(
  options: {
    readonly initialised?: boolean
    readonly keep?: boolean
    readonly unicode?: boolean
    readonly copyOf?: string
  } = {},
): Promise<TestDatabase> {
  const server = inject('postgres')
  const name = `test_${randomBytes(6).toString('hex')}`
  const isCopy = options.initialised !== false && options.unicode !== true
  const folding = options.unicode === true ? " locale_provider builtin builtin_locale 'C.UTF-8'" : ''
  if (isCopy) await copyTemplate(server, options.copyOf ?? inject('template'), name)
  else await administer(server, `create database ${name} template template0 strategy file_copy${folding}`)
  const url = withPath(server, name)
  const pools: pg.Pool[] = []
  const logins: string[] = []
  const open = (connectionString: string, max: number) => {
    const pool = new pg.Pool({ connectionString, max })
    // Tests kill connections on purpose.
    pool.on('error', () => {})
    pools.push(pool)
    return pool
  }
  const pool = open(url, 10)
  const urlAs = (role: string) => withUser(url, role)
  const disconnect = async () => {
    await Promise.all(pools.map((open) => (open.ended ? undefined : open.end())))
  }
  const database: TestDatabase = {
    ...{ name, disconnect },
    url,
    pool,
    urlAs,
    poolAs: (role, max = 10) => open(urlAs(role), max),
    async createLogin(...memberOf) {
      const login = `login_${randomBytes(6).toString('hex')}`
      await pool.query(`create role ${login} login`)
      for (const role of memberOf) await pool.query(`grant ${pg.escapeIdentifier(role)} to ${login}`)
      logins.push(login)
      return login
    },
    async drop() {
      await disconnect()
      await administer(server, `drop database if exists ${name} with (force)`)
      for (const login of logins) await administer(server, `drop role if exists ${login}`)
    },
  }
  if (options.initialised !== false && !isCopy) await initialiseDatabase(pool)
  if (options.keep !== true) onTestFinished(database.drop)
  return database
}

function withPath(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.href
}

function withUser(url: string, user: string): string {
  const changed = new URL(url)
  changed.username = user
  return changed.href
}
