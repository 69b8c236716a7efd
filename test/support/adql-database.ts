import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { parseQuery } from '../../shared/adql/parse.ts'
import { type GeometryStrategy, toPostgresql } from '../../shared/adql/postgresql.ts'
import { resolveQuery } from '../../shared/adql/resolve.ts'
import type { TableSet } from '../../shared/adql/table-set.ts'
import { readSkyTables } from './adql-sky.ts'
import { extensionDatabase } from './extension-postgres.ts'
import { DATA } from './golden.ts'
import { createTestDatabase } from './postgres.ts'

const SKY = join(DATA, 'adql/execution')

/** The small sky in a database, stored as one strategy of geometry wants it. */
export interface SkyDatabase {
  readonly pool: pg.Pool
  /** The rows of an ADQL query as arrays. */
  answer(adql: string): Promise<unknown[][]>
  sqlOf(adql: string): string
  drop(): Promise<void>
}

/** `portable` on the PostgreSQL from npm; the others need one with pgsphere and PostGIS (`NEEDS_EXTENSIONS`). */
export async function openSky(geometry: GeometryStrategy, tables: TableSet = readSkyTables()): Promise<SkyDatabase> {
  const { pool, drop } =
    geometry === 'portable'
      ? await createTestDatabase({ initialised: false, keep: true, unicode: true })
      : await extensionDatabase()
  await pool.query(readFileSync(join(SKY, 'sky-insert.sql'), 'utf8'))
  if (geometry !== 'portable') await pool.query(readFileSync(join(SKY, `sky-${geometry}.sql`), 'utf8'))
  const sqlOf = (adql: string) => toPostgresql(resolveQuery(parseQuery(adql), tables), { geometry })
  const answer = async (adql: string) => (await pool.query({ text: sqlOf(adql), rowMode: 'array' })).rows
  return { pool, answer, sqlOf, drop }
}
