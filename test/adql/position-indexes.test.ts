import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseQuery } from '../../shared/adql/parse.ts'
import { positionIndexes } from '../../shared/adql/position-indexes.ts'
import { type GeometryStrategy, toPostgresql } from '../../shared/adql/postgresql.ts'
import { resolveQuery } from '../../shared/adql/resolve.ts'
import { TableSet } from '../../shared/adql/table-set.ts'
import { tablesFromRows } from '../../shared/adql/tables-from-rows.ts'
import { extensionDatabase, NEEDS_EXTENSIONS } from '../support/extension-postgres.ts'
import { createTestDatabase } from '../support/postgres.ts'

const columns = ['"Ra"', 'dec', 'id'].map((column_name) => ({
  table_name: 'pos.star',
  column_name,
  datatype: column_name === 'id' ? 'int' : 'double',
  ...(column_name === 'id'
    ? {}
    : { unit: 'deg', ucd: column_name === 'dec' ? 'pos.eq.dec;meta.main' : 'pos.eq.ra;meta.main' }),
}))
const [star] = tablesFromRows([{ table_name: 'pos.star', schema_name: 'pos' }], columns)
const tables = new TableSet([star!])

const QUERIES = [
  'SELECT id FROM pos.star WHERE CONTAINS(POINT("Ra", dec), CIRCLE(10, 20, 0.1)) = 1',
  'SELECT id FROM pos.star WHERE 0.1 > DISTANCE(POINT(359.99, 89.9), POINT("Ra", dec))',
  'SELECT id FROM pos.star WHERE DISTANCE("Ra", dec, 0.01, -30) <= 0.1',
  'SELECT id FROM pos.star WHERE 1 = CONTAINS(POINT("Ra", dec), POLYGON(10, 10, 11, 10, 10.5, 11))',
  'SELECT a.id FROM pos.star AS a JOIN pos.star AS b ON DISTANCE(a."Ra", a.dec, b."Ra", b.dec) < 0.001 WHERE b.id < 10',
]

describe('the indexes that searches by position need', () => {
  test('are on the columns in their spelling', () => {
    expect(positionIndexes(star!, 'portable')).toEqual([{ method: 'btree', expression: '"dec"' }])
    expect(positionIndexes(star!, 'pgsphere')).toEqual([
      { method: 'gist', expression: 'spoint(radians("Ra"), radians("dec"))' },
    ])
    expect(positionIndexes(star!, 'postgis')).toEqual([
      {
        method: 'gist',
        expression:
          '(st_setsrid(st_makepoint(case when "Ra" > 180 then "Ra" - 360 else "Ra" end, "dec"), 4326)::geography)',
      },
    ])
  })
})

function describeStrategy(
  geometry: GeometryStrategy,
  open: () => Promise<{ pool: pg.Pool; drop(): Promise<void> }>,
  needs = '',
) {
  describe.skipIf(needs !== '')(`${geometry} uses its index${needs}`, () => {
    let database: Awaited<ReturnType<typeof open>>
    beforeAll(async () => {
      database = await open()
      const indexes = positionIndexes(star!, geometry).map(
        ({ method, expression }) => `create index by_position on pos.star using ${method} (${expression})`,
      )
      await database.pool.query(`create schema pos;
        create table pos.star (id integer primary key, "Ra" float8, "dec" float8);
        insert into pos.star select i, i * 0.137 % 360, i * 0.0731 % 180 - 90 from generate_series(1, 20000) as i;
        ${indexes.join(';')};
        analyze pos.star`)
    })
    afterAll(async () => database?.drop())

    test.each(QUERIES)('for %s', async (adql) => {
      const sql = toPostgresql(resolveQuery(parseQuery(adql), tables), { geometry })
      const { rows } = await database.pool.query(`explain (costs off) ${sql}`)
      expect(JSON.stringify(rows)).toContain('by_position')
    })
  })
}

describeStrategy('portable', () => createTestDatabase({ initialised: false, keep: true }))
describeStrategy('pgsphere', extensionDatabase, NEEDS_EXTENSIONS)
describeStrategy('postgis', extensionDatabase, NEEDS_EXTENSIONS)
