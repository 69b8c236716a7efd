import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GeometryStrategy } from '../../shared/adql/postgresql.ts'
import { tablesFromRows } from '../../shared/adql/tables-from-rows.ts'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import { checkTables } from '../../shared/tables/check-tables.ts'
import { createTables } from '../../shared/tables/create-tables.ts'
import { withPhysicalNames } from '../../shared/tap/physical-names.ts'
import { type ExtensionDatabase, extensionDatabase, NEEDS_EXTENSIONS } from '../support/extension-postgres.ts'

/** A table with two positions. */
const COLUMNS = [
  ['RA', 'pos.eq.ra'],
  ['Decl', 'pos.eq.dec'],
  ['GLon', 'pos.galactic.lon'],
  ['GLat', 'pos.galactic.lat'],
] as const

const FELIS = `name: survey
tables:
- name: Object
  columns:
${COLUMNS.map(([name, ucd]) => `  - {name: ${name}, datatype: double, "ivoa:unit": deg, "ivoa:ucd": ${ucd}}`).join('\n')}
`
const { schema } = new FelisLoader(new Map([['survey.yaml', FELIS]]), DEFAULT_CONTEXT).load('survey.yaml')

const table_name = 'survey.Object'
const NAMES = { rule: 'lower', schemas: new Map(), tables: new Map(), columns: new Map() } as const
/** As TAP_SCHEMA describes it. */
const TABLES = tablesFromRows(
  [{ table_name, schema_name: 'survey' }],
  COLUMNS.map(([column_name, ucd]) => ({ table_name, column_name, datatype: 'double', unit: 'deg', ucd })),
).map((table) => withPhysicalNames(table, NAMES))

const make = (pool: pg.Pool, geometry: GeometryStrategy | 'auto') =>
  createTables(pool, [schema!], { geometry, names: 'lower', ifNotExists: false, drop: true, readers: [] })

/** The latitudes of positions that no index finds. */
async function slowPositions(pool: pg.Pool, geometry: GeometryStrategy | 'auto') {
  const { findings } = await checkTables(pool, TABLES, { geometry, readers: [] })
  expect(findings.every(({ code }) => code === 'slow_position')).toBe(true)
  return findings.map(({ column }) => column)
}

describe.skipIf(NEEDS_EXTENSIONS !== '')(`with extensions${NEEDS_EXTENSIONS}`, () => {
  let database: ExtensionDatabase
  beforeAll(async () => {
    database = await extensionDatabase({ isEmpty: true })
  })
  afterAll(() => database.drop())

  test('the geometry is that of the extension that is there, pgsphere before PostGIS', async () => {
    const { pool } = database
    expect((await make(pool, 'auto')).geometry).toBe('portable')
    await expect(make(pool, 'pgsphere')).rejects.toThrow('is the extension that has this function installed?')
    await pool.query('create extension postgis')
    expect((await make(pool, 'auto')).geometry).toBe('postgis')
    await pool.query('create schema extensions; create extension pg_sphere schema extensions')
    expect((await make(pool, 'auto')).geometry).toBe('pgsphere')
  })

  test.for<GeometryStrategy>(['portable', 'pgsphere', 'postgis'])(
    'each position has the index that cone searches by %s use, and no other does',
    async (geometry) => {
      const { pool } = database
      const others = (['portable', 'pgsphere', 'postgis'] as const).filter((other) => other !== geometry)
      await make(pool, geometry)
      // A few rows, so that PostgreSQL has something to choose.
      await pool.query('insert into survey.object select i, i / 5.0, i, i / 5.0 from generate_series(0, 350) i')
      await pool.query('analyze survey.object')
      expect(await slowPositions(pool, geometry)).toEqual([])
      for (const other of others) expect([other, await slowPositions(pool, other)]).toEqual([other, ['Decl', 'GLat']])
      await pool.query('drop index survey.object_glon_glat_position')
      expect(await slowPositions(pool, geometry)).toEqual(['GLat'])
    },
  )
})
