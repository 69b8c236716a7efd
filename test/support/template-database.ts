import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { OWNER_ROLE, STAGER_ROLE } from '../../shared/tap-schema/slots.ts'

/** An initialised database that others are copied from: once in a run, because its copy is made in a tenth of the time. */
export async function makeTemplate(server: string): Promise<{ readonly name: string; drop(): Promise<void> }> {
  const name = `test_template_${randomBytes(6).toString('hex')}`
  await administer(server, `create database ${name} template template0`)
  const pool = new pg.Pool({ connectionString: Object.assign(new URL(server), { pathname: `/${name}` }).href, max: 1 })
  await initialiseDatabase(pool)
  await pool.end()
  return { name, drop: () => administer(server, `drop database ${name} with (force)`) }
}

/** A copy is initialised too: rights on the database itself are not copied, and are granted here. */
export async function copyTemplate(server: string, template: string, name: string): Promise<void> {
  const grant = `grant create, connect on database ${name} to ${STAGER_ROLE}, ${OWNER_ROLE}`
  // Files are copied in half the time of pages through the log.
  await administer(server, `create database ${name} template ${template} strategy file_copy`, grant)
}

const administrators = new Map<string, pg.Pool>()

/** Statements for the server, each in a transaction of its own; a process keeps a connection for all of them. */
export async function administer(url: string, ...statements: readonly string[]): Promise<void> {
  const pool = administrators.get(url) ?? new pg.Pool({ connectionString: url, max: 2, allowExitOnIdle: true })
  // It is there as long as the process, and may see the end of the server.
  if (!administrators.has(url)) pool.on('error', () => {})
  administrators.set(url, pool)
  for (const statement of statements) await pool.query(statement)
}
