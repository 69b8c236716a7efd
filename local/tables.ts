import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import pg from 'pg'
import { from } from 'pg-copy-streams'
import { messageOf } from '../shared/failure.ts'
import { DEFAULT_CONTEXT } from '../shared/felis/context.ts'
import { FelisLoader, type SourceFiles } from '../shared/felis/load.ts'
import { checkDefinitions } from '../shared/tables/check-definitions.ts'
import { createTables } from '../shared/tables/create-tables.ts'
import { quote } from '../shared/tap-schema/slots.ts'
import type { ChosenRelease } from './choose-release.ts'
import { LOGINS } from './databases.ts'
import { fillWithMadeUpRows } from './made-up-rows.ts'
import { prepareMetadata } from './metadata.ts'
import { HERON, SKY } from './sample/sample.ts'

/** The TAP service, and who checks the tables. */
const READERS: readonly string[] = [LOGINS.reader, LOGINS.operator]

/** What the tables of a release came to. */
export interface PreparedTables {
  readonly tables: number
  /** Those that were loaded now. */
  readonly loadedRows: number
  /** Why they could not be made; null: they are there. */
  readonly complaint: string | null
}

/**
 * Makes the tables of a release in the database of its TAP server, so that queries have something to ask, and fills those
 * of the sample. As long as none has rows they are made anew: a schema file may have changed. After that what is missing
 * is added, and the rest left as it is.
 *
 * What cannot be made is no reason to stop: the release itself can be served without.
 *
 * @param databaseUrl of a login that may create schemas
 */
export async function prepareTables(
  databaseUrl: string,
  { version, schemas }: Pick<ChosenRelease, 'version' | 'schemas'>,
  files: SourceFiles,
): Promise<PreparedTables> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 })
  try {
    // The ObsCore table of the sky is made from the metadata of files, and by Almagest itself.
    const hasMetadata = version === SKY.version && schemas.includes('ivoa')
    const others = hasMetadata ? schemas.filter((name) => name !== 'ivoa') : schemas
    const tables = (await makeTables(pool, files, others)) + (hasMetadata ? 1 : 0)
    const documents = hasMetadata ? await prepareMetadata(databaseUrl, READERS) : 0
    return { tables, loadedRows: (await fill(pool, version, schemas)) + documents, complaint: null }
  } catch (error) {
    return { tables: 0, loadedRows: 0, complaint: messageOf(error) }
  } finally {
    await pool.end()
  }
}

async function fill(pool: pg.Pool, version: string, schemas: readonly string[]): Promise<number> {
  if (version === SKY.version) return loadRows(pool)
  return version === HERON.version ? fillWithMadeUpRows(pool, schemas) : 0
}

async function makeTables(pool: pg.Pool, files: SourceFiles, names: readonly string[]): Promise<number> {
  const loader = new FelisLoader(files, DEFAULT_CONTEXT)
  const loaded = names.map((name) => loader.load(`${name}.yaml`))
  const [problem] = [...loaded.flatMap(({ problems }) => problems), ...checkDefinitions(loaded, 'lower')].filter(
    ({ severity }) => severity === 'error',
  )
  // A file with errors is rejected when it is staged, with all of them.
  if (problem !== undefined) throw new Error(`${problem.file}: ${problem.message}`)
  const schemas = loaded.flatMap(({ schema }) => (schema === null ? [] : [schema]))
  const tables = schemas.flatMap((schema) =>
    schema.tables.map(({ name }) => `${quote(schema.name.toLowerCase())}.${quote(name.toLowerCase())}`),
  )
  const isFilled = await haveRows(pool, tables)
  const options = { geometry: 'auto', names: 'lower', readers: READERS } as const
  const { plan } = await createTables(pool, schemas, { ...options, ifNotExists: isFilled, drop: !isFilled })
  return plan.tables
}

/** Whether at least one of these tables is there and has a row. */
async function haveRows(pool: pg.Pool, tables: readonly string[]): Promise<boolean> {
  const { rows } = await pool.query<{ name: string }>(
    'select name from unnest($1::text[]) as name where to_regclass(name) is not null',
    [tables],
  )
  for (const { name } of rows) {
    const found = await pool.query(`select from ${name} limit 1`)
    if (found.rowCount !== 0) return true
  }
  return false
}

async function loadRows(pool: pg.Pool): Promise<number> {
  let count = 0
  const client = await pool.connect()
  try {
    for (const { table, file } of SKY.rows) {
      const { rowCount } = await client.query(`select from ${table} limit 1`)
      if (rowCount !== 0) continue
      const copy = client.query(from(`copy ${table} from stdin (format csv, header)`))
      await pipeline(createReadStream(file), createGunzip(), copy)
      count += copy.rowCount
      await client.query(`analyze ${table}`)
    }
  } finally {
    client.release()
  }
  return count
}
