import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, chown, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { launchServer } from '../../local/postgres-server.ts'
import { makeMemoryFolder } from './memory-folder.ts'
import { askRun } from './once-in-a-run.ts'
import { administer } from './template-database.ts'

/**
 * A PostgreSQL with pgsphere and PostGIS: the server that TEST_EXTENSIONS_URL names (as a superuser), or a cluster of
 * Debian's programs, where the packages postgresql-N-pgsphere and postgresql-N-postgis-3 are installed.
 */
const GIVEN = process.env.TEST_EXTENSIONS_URL
const VERSION = installedVersions().find((version) =>
  ['pg_sphere', 'postgis'].every((name) => existsSync(`/usr/share/postgresql/${version}/extension/${name}.control`)),
)

/** For `describe.skipIf`: what is skipped, and why. */
export const NEEDS_EXTENSIONS =
  GIVEN || VERSION !== undefined
    ? ''
    : ' (skipped: no PostgreSQL with pgsphere and PostGIS; TEST_EXTENSIONS_URL names one)'

export interface ExtensionDatabase {
  readonly pool: pg.Pool
  drop(): Promise<void>
}

/** A database with both extensions, or an empty one; its case folding is Unicode's. */
export async function extensionDatabase(options: { readonly isEmpty?: boolean } = {}): Promise<ExtensionDatabase> {
  const { url: server, template } = JSON.parse(await askRun('extensions')) as ExtensionServer
  const name = `test_${randomBytes(6).toString('hex')}`
  const like = options.isEmpty === true ? EMPTY : template
  await administer(server, `create database ${name} template ${like}`)
  const pool = new pg.Pool({ connectionString: urlOf(server, name), max: 2 })
  // A connection that is closing may still hear that its database goes.
  pool.on('error', () => {})
  return {
    pool,
    async drop() {
      await pool.end()
      await administer(server, `drop database ${name} with (force)`)
    },
  }
}

interface ExtensionServer {
  readonly url: string
  /** A database with both extensions. */
  readonly template: string
}

const EMPTY = "template0 encoding 'UTF8' locale 'C.UTF-8'"

/** Starts the server, where it is not given, and makes the template: once in a run. */
export async function openExtensionServer(): Promise<ExtensionServer & { stop(): Promise<void> }> {
  const server = GIVEN ? { url: GIVEN, stop: async () => {} } : await startDebianCluster()
  const template = `test_template_${randomBytes(6).toString('hex')}`
  await administer(server.url, `create database ${template} template ${EMPTY}`)
  // Not by `administer`, which would stay connected: then nobody could copy it.
  const client = new pg.Client({ connectionString: urlOf(server.url, template) })
  await client.connect()
  await client.query('create extension pg_sphere; create extension postgis')
  await client.end()
  const stop = async () => {
    await administer(server.url, `drop database ${template} with (force)`)
    await server.stop()
  }
  return { url: server.url, template, stop }
}

function urlOf(server: string, database: string): string {
  return Object.assign(new URL(server), { pathname: `/${database}` }).href
}

function installedVersions(): string[] {
  const folder = '/usr/lib/postgresql'
  return existsSync(folder) ? readdirSync(folder).sort((a, b) => Number(b) - Number(a)) : []
}

async function startDebianCluster() {
  const programs = `/usr/lib/postgresql/${VERSION}/bin`
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: idOfNobody('-u'), gid: idOfNobody('-g') } : {}
  const folder = await makeMemoryFolder('almagest-extensions-')
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid)
  await chmod(folder, 0o700)
  const dataDirectory = join(folder, 'data')
  const flags = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync']
  execFileSync(`${programs}/initdb`, [`--pgdata=${dataDirectory}`, ...flags], { ...user, cwd: folder, stdio: 'pipe' })
  const port = await freePort()
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    full_page_writes: 'off',
    autovacuum: 'off',
    // Compiling statements of hundreds of kilobytes would take minutes.
    jit: 'off',
    timezone: 'UTC',
  }
  const server = await launchServer({ program: `${programs}/postgres`, dataDirectory, port, user, settings })
  const stop = async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return { url: `postgresql://postgres@127.0.0.1:${port}/postgres`, stop }
}

function idOfNobody(flag: string): number {
  return Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise<void>((done) => server.close(() => done()))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
