import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ColumnList, type ColumnMetadata, type ShapeStorage } from '../../../shared/adql/metadata.ts'
import { parseQuery } from '../../../shared/adql/parse.ts'
import { type GeometryStrategy, POSTGRESQL_SETTINGS, toPostgresql } from '../../../shared/adql/postgresql.ts'
import { resolveQuery } from '../../../shared/adql/resolve.ts'
import { centroidOf, makePolygon } from '../../../shared/adql/sphere/polygon.ts'
import { contains, type Figure, intersects } from '../../../shared/adql/sphere/relations.ts'
import { toPosition, toVector } from '../../../shared/adql/sphere/vectors.ts'
import { TableSet } from '../../../shared/adql/table-set.ts'
import { DOUBLE, INTEGER, POLYGON, valueTypeOf } from '../../../shared/adql/value-type.ts'
import { type ExtensionDatabase, extensionDatabase, NEEDS_EXTENSIONS } from '../../support/extension-postgres.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'
import { randomNumbers } from '../../support/random-numbers.ts'
import { placeAt, randomPlace, randomPolygon } from '../../support/random-sky.ts'

const REGION = valueTypeOf('char', '*', 'adql:REGION')

/** `rg.t`, its region stored as `storage` says. */
function tables(storage?: ShapeStorage, physical?: string): TableSet {
  const column = (text: string, type: ColumnMetadata['type'], more: Partial<ColumnMetadata> = {}): ColumnMetadata => ({
    name: { text, delimited: false },
    type,
    ...more,
  })
  const list = [
    column('id', INTEGER),
    ...['a', 'b', 'r'].map((name) => column(name, DOUBLE)),
    column('p', POLYGON),
    column('q', POLYGON),
    column('s_region', REGION, {
      ...(storage === undefined ? {} : { shape: storage }),
      ...(physical === undefined ? {} : { physical }),
    }),
  ]
  const name = (text: string) => ({ text, delimited: false })
  return new TableSet([
    { schema: name('rg'), name: name('t'), tapName: 'rg.t', columns: new ColumnList(list), positions: [] },
  ])
}

async function answer(
  pool: pg.Pool,
  adql: string,
  set = tables(),
  geometry: GeometryStrategy = 'portable',
): Promise<unknown[][]> {
  const text = toPostgresql(resolveQuery(parseQuery(adql), set), { geometry })
  const client = await pool.connect()
  try {
    await client.query(
      Object.entries(POSTGRESQL_SETTINGS)
        .map(([name, value]) => `set ${name} = '${value}'`)
        .join(';'),
    )
    return (await client.query({ text, rowMode: 'array' })).rows
  } finally {
    client.release()
  }
}

/** Regions as archives write them; what cannot be read is like NULL. */
const TEXTS = [
  'circle 10 20 1',
  'CIRCLE ICRS 10.0 20.0 1.0',
  'Circle ICRS GEOCENTER  1e1 +20 1',
  '10 20 1',
  'polygon 9 19 11 19 11 21 9 21',
  'POLYGON ICRS 9 19 11 19 11 21 9 21 9 19',
  'Polygon J2000 9 21 11 21 11 19 9 19',
  '9 19 11 19 11 21 9 21',
  'Position ICRS 10 20',
  'UNION ICRS (CIRCLE 10 20 1 CIRCLE 12 20 1)',
  'CIRCLE GALACTIC 10 20 1',
  'circle 10 20',
  'polygon 9 19 11 19',
  '',
]
const READABLE = 9

describe('regions and polygons that only rows know, without an extension', () => {
  let database: TestDatabase
  const random = randomNumbers(11)
  beforeAll(async () => {
    database = await createTestDatabase({ initialised: false, keep: true })
    await database.pool.query(`create schema rg;
      create table rg.t (id integer, a float8, b float8, r float8, p text, q float8[], s_region text, as_array float8[])`)
  })
  afterAll(async () => database?.drop())

  test('text of DALI and STC-S is read, and what is no region in ICRS is like NULL', async () => {
    for (const [id, text] of TEXTS.entries()) {
      await database.pool.query('insert into rg.t (id, a, b, r, s_region) values ($1, 10.001, 20.001, 0.5, $2)', [
        id,
        text,
      ])
    }
    const items = [
      'CONTAINS(POINT(a, b), s_region)',
      'INTERSECTS(s_region, CIRCLE(12, 20, r + 1))',
      'INTERSECTS(s_region, CIRCLE(12, 20, 0.3))',
      'CONTAINS(s_region, CIRCLE(a, b, 3))',
      'INTERSECTS(s_region, POLYGON(0, 0, 40, 0, 40, 40, 0, 40))',
    ]
    const rows = await answer(database.pool, `SELECT ${items.join(', ')} FROM rg.t ORDER BY id`)
    const circle = [1, 1, 0, 1, 1]
    const point = [0, 0, 0, 1, 1]
    const nothing = [null, null, null, null, null]
    expect(rows).toEqual([
      ...Array.from({ length: 8 }, () => circle),
      point,
      ...Array.from({ length: TEXTS.length - READABLE }, () => nothing),
    ])
    const found = await answer(
      database.pool,
      'SELECT COUNT(*) FROM rg.t WHERE INTERSECTS(CIRCLE(10, 20, 0.1), s_region) = 1',
    )
    expect(found).toEqual([[String(READABLE)]])
  })

  test('regions have areas and centres, stay text, and can be compared with each other', async () => {
    const adql = 'SELECT s_region, AREA(s_region), CENTROID(s_region) FROM rg.t WHERE id IN (0, 4, 8, 9) ORDER BY id'
    const [circle, polygon, point, none] = await answer(database.pool, adql)
    expect(circle).toEqual(['circle 10 20 1', expect.closeTo(3.14151, 4), [10, 20]])
    expect(polygon).toEqual([
      'polygon 9 19 11 19 11 21 9 21',
      expect.closeTo(3.7586, 3),
      [expect.closeTo(10, 9), expect.any(Number)],
    ])
    expect(point).toEqual([TEXTS[8], 0, [10, 20]])
    expect(none).toEqual([TEXTS[9], null, null])
    const pairs = `SELECT a.id, b.id AS other FROM rg.t AS a JOIN rg.t AS b ON CONTAINS(a.s_region, b.s_region) = 1 WHERE a.id IN (0, 4, 8) AND b.id IN (0, 4, 8) ORDER BY a.id, b.id`
    expect(await answer(database.pool, pairs)).toEqual([
      [0, 0],
      [4, 4],
      [8, 0],
      [8, 4],
      [8, 8],
    ])
    const outer = 'SELECT CONTAINS(POINT(10, 20), t.s) FROM (SELECT s_region AS s FROM rg.t WHERE id = 1) AS t'
    expect(await answer(database.pool, outer)).toEqual([[1]])
    const turned = "SELECT ivo_geom_transform('ICRS', 'GALACTIC', s_region) FROM rg.t WHERE id = 0"
    expect((await answer(database.pool, turned))[0]?.[0]).toMatch(/^circle 119\.26\d+ -42\.7\d+ 1$/)
  })

  test('a region may be an array', async () => {
    await database.pool.query("update rg.t set as_array = '{10,20,1}' where id = 0")
    await database.pool.query("update rg.t set as_array = '{9,19,11,19,11,21,9,21}' where id = 4")
    const set = tables({ as: 'array' }, 'as_array')
    const adql = 'SELECT s_region, CONTAINS(POINT(10, 20), s_region) FROM rg.t WHERE id IN (0, 1, 4) ORDER BY id'
    expect(await answer(database.pool, adql, set)).toEqual([
      ['circle 10 20 1', 1],
      [null, null],
      ['polygon 9 19 11 19 11 21 9 21', 1],
    ])
  })

  test('a box of values of the row is that of constants', async () => {
    await database.pool.query('truncate rg.t')
    const values = Array.from({ length: 40 }, (_, id) => [id, ...randomPlace(random), 0.1 + 20 * random()])
    await database.pool.query(`insert into rg.t (id, a, b, r) values ${values.map((row) => `(${row})`).join()}`)
    const parts = values.map(
      ([id, a, b, r]) => `SELECT id, AREA(BOX(${a}, ${b}, ${r}, ${r})) AS s FROM rg.t WHERE id = ${id}`,
    )
    const constant = await answer(database.pool, parts.join(' UNION ALL '))
    const ofRows = await answer(
      database.pool,
      'SELECT id, AREA(BOX(a, b, r, r)) AS s, CONTAINS(POINT(a, b), BOX(a, b, r, r)) AS c FROM rg.t',
    )
    const areas = new Map(ofRows.map(([id, area]) => [id, area as number]))
    for (const [id, area] of constant) expect(areas.get(id)).toBeCloseTo(area as number, 6)
    expect(new Set(ofRows.map(([, , inside]) => inside))).toEqual(new Set([1]))
  })

  test('polygons of rows answer as those of constants do, concave ones, at the poles and across 0', async () => {
    await database.pool.query('truncate rg.t')
    const rows = Array.from({ length: 300 }, (_, id) => {
      const centre = randomPlace(random)
      const near = placeAt(centre, 6 * random(), 360 * random())
      const turned = random() < 0.5
      const p = randomPolygon(centre, 0.5 + 30 * random() ** 2, random)
      return {
        id,
        at: near,
        r: 10 * random() ** 2,
        p: turned ? p.toReversed() : p,
        q: randomPolygon(near, 0.5 + 30 * random() ** 2, random),
      }
    })
    const sql = rows.map(
      ({ id, at, r, p, q }) => `(${id}, ${at}, ${r}, '${p.flat().join(' ')}', array[${q.flat()}]::float8[])`,
    )
    await database.pool.query(`insert into rg.t (id, a, b, r, p, q) values ${sql.join()}`)
    const items = [
      'CONTAINS(POINT(a, b), p)',
      'INTERSECTS(CIRCLE(a, b, r), p)',
      'CONTAINS(CIRCLE(a, b, r), p)',
      'CONTAINS(p, CIRCLE(a, b, 3 * r))',
      'INTERSECTS(p, q)',
      'CONTAINS(q, p)',
    ]
    const answers = await answer(
      database.pool,
      `SELECT id, ${items.join(', ')}, AREA(p), CENTROID(p) FROM rg.t ORDER BY id`,
    )
    for (const { id, at, r, p, q } of rows) {
      const [first, second] = [makePolygon(p), makePolygon(q)]
      if (typeof first === 'string' || typeof second === 'string') continue
      const point: Figure = { kind: 'point', at: toVector(...at) }
      const circle = (radius: number): Figure => ({ kind: 'circle', centre: toVector(...at), radius })
      const [a, b]: Figure[] = [
        { kind: 'polygon', polygon: first },
        { kind: 'polygon', polygon: second },
      ]
      const wanted = [
        contains(point, a!),
        intersects(circle(r), a!),
        contains(circle(r), a!),
        contains(a!, circle(3 * r)),
        intersects(a!, b!),
        contains(b!, a!),
      ]
      const [, ...found] = answers[id]!
      expect(found.slice(0, 6), `row ${id}`).toEqual(wanted.map(Number))
      expect(found[6]).toBeCloseTo(first.area, 7)
      const [longitude, latitude] = toPosition(centroidOf(first))
      expect(found[7]).toEqual([expect.closeTo(longitude, 7), expect.closeTo(latitude, 7)])
    }
    const inside = answers.map((row) => row.slice(1, 7))
    for (const index of [0, 1, 2, 3, 4, 5]) expect(new Set(inside.map((row) => row[index])).size).toBe(2)
  })
})

describe.skipIf(NEEDS_EXTENSIONS !== '')(`regions beside an extension${NEEDS_EXTENSIONS}`, () => {
  let database: ExtensionDatabase
  beforeAll(async () => {
    database = await extensionDatabase()
    await database.pool.query(`create schema rg;
      create table rg.t (id integer, s_region text, sphere spoly, geo geography);
      insert into rg.t select i, format('Polygon ICRS %s %s %s %s %s %s', i, i, i + 1, i, i, i + 1),
        format('{(%sd,%sd),(%sd,%sd),(%sd,%sd)}', i, i, i + 1, i, i, i + 1)::spoly,
        st_setsrid(st_makepolygon(st_makeline(array[st_makepoint(i, i), st_makepoint(i + 1, i), st_makepoint(i, i + 1), st_makepoint(i, i)])), 4326)::geography
        from generate_series(1, 80) as i;
      create index on rg.t using gist (sphere);
      create index on rg.t using gist (geo);
      analyze rg.t`)
  })
  afterAll(async () => database?.drop())

  const QUERIES = [
    'SELECT id, s_region FROM rg.t WHERE INTERSECTS(CIRCLE(20, 20, 1.2), s_region) = 1 ORDER BY id',
    'SELECT id, s_region FROM rg.t WHERE 1 = CONTAINS(POINT(30.2, 30.2), s_region) ORDER BY id',
    'SELECT id, s_region FROM rg.t WHERE INTERSECTS(s_region, POLYGON(10.1, 10.1, 12, 10, 12, 12)) = 1 ORDER BY id',
  ]

  test.each([
    ['pgsphere', 'sphere'],
    ['postgis', 'geo'],
  ] as const)('text alone, and a column of %s beside it, give the same', async (geometry, physical) => {
    const beside = tables({ as: 'native', physical })
    for (const adql of QUERIES) {
      const plain = await answer(database.pool, adql)
      expect(plain.length).toBeGreaterThan(0)
      expect(plain[0]?.[1]).toMatch(/^Polygon ICRS/)
      expect(await answer(database.pool, adql, tables(), geometry)).toEqual(plain)
      expect(await answer(database.pool, adql, beside, geometry)).toEqual(plain)
      const sql = toPostgresql(resolveQuery(parseQuery(adql), beside), { geometry })
      expect(sql).toContain(`"${physical}"`)
      const client = await database.pool.connect()
      await client.query('set enable_seqscan = off')
      const { rows } = await client.query(`explain ${sql}`)
      client.release(true)
      expect(JSON.stringify(rows)).toMatch(/Index Scan/)
    }
  })
})
