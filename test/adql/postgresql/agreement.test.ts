import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ColumnList, type ColumnMetadata, type TableMetadata } from '../../../shared/adql/metadata.ts'
import { parseQuery } from '../../../shared/adql/parse.ts'
import { type GeometryStrategy, toPostgresql } from '../../../shared/adql/postgresql.ts'
import { resolveQuery } from '../../../shared/adql/resolve.ts'
import { TableSet } from '../../../shared/adql/table-set.ts'
import { DOUBLE, INTEGER } from '../../../shared/adql/value-type.ts'
import { type ExtensionDatabase, extensionDatabase, NEEDS_EXTENSIONS } from '../../support/extension-postgres.ts'

const STRATEGIES: readonly GeometryStrategy[] = ['portable', 'pgsphere', 'postgis']

function table(name: string, columns: readonly string[]): TableMetadata {
  const list = columns.map((text): ColumnMetadata => {
    return { name: { text, delimited: false }, type: text === 'id' ? INTEGER : DOUBLE }
  })
  const schema = { text: 'rnd', delimited: false }
  return {
    schema,
    name: { text: name, delimited: false },
    tapName: `rnd.${name}`,
    columns: new ColumnList(list),
    positions: [],
  }
}

const TABLES = new TableSet([table('star', ['id', 'ra', 'dec']), table('cone', ['id', 'ra', 'dec', 'r'])])

/** Numbers from 0 to 1, the same in every run (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A place: anywhere, at a pole, or at longitude 0. */
function place(random: () => number): readonly [number, number] {
  const kind = random()
  if (kind < 0.2) return [360 * random(), (random() < 0.5 ? -1 : 1) * (90 - 3 * random() * random())]
  if (kind < 0.4) return [(358 + 4 * random()) % 360, 20 * (random() - 0.5)]
  return [360 * random(), (Math.asin(2 * random() - 1) * 180) / Math.PI]
}

/** Rows for an INSERT. */
function rowsOf(count: number, make: (index: number) => readonly number[]): string {
  return Array.from({ length: count }, (_, index) => `(${[index, ...make(index)].join(', ')})`).join(', ')
}

function arrayOf(count: number, make: () => string): string[] {
  return Array.from({ length: count }, make)
}

describe.skipIf(NEEDS_EXTENSIONS !== '')(`the three strategies agree${NEEDS_EXTENSIONS}`, () => {
  let database: ExtensionDatabase
  let pool: pg.Pool
  const random = randomNumbers(20_260_826)

  beforeAll(async () => {
    database = await extensionDatabase()
    pool = database.pool
    const radius = () => 10 ** (-4 + 6.25 * random())
    await pool.query(`
      create extension pg_sphere;
      create extension postgis;
      create schema rnd;
      create table rnd.star (id integer, ra float8, "dec" float8);
      create table rnd.cone (id integer, ra float8, "dec" float8, r float8);
      insert into rnd.star values ${rowsOf(3000, () => place(random))};
      insert into rnd.star values (3000, null, 0), (3001, 0, null), (3002, 0, 90), (3003, 360, 0), (3004, 0, 0), (3005, 180, -90);
      insert into rnd.cone values ${rowsOf(10_000, () => [...place(random), Math.min(180, radius())])};
      create index on rnd.star ("dec");
      create index on rnd.star using gist (spoint(radians(ra), radians("dec")));
      create index on rnd.star using gist ((st_setsrid(st_makepoint(case when ra > 180 then ra - 360 else ra end, "dec"), 4326)::geography));
      analyze`)
  })
  afterAll(async () => database?.drop())

  function sqlOf(adql: string, geometry: GeometryStrategy): string {
    return toPostgresql(resolveQuery(parseQuery(adql), TABLES), { geometry })
  }

  /** The answers through each strategy, as text. */
  async function answers(queries: readonly string[]): Promise<string[][]> {
    const found: string[][] = []
    for (const geometry of STRATEGIES) {
      // Many in one statement: the answer is a text a query.
      const parts = queries.map((adql, index) => {
        return `select ${index} as i, coalesce(string_agg(q::text, ';' order by q::text), '') as a from (${sqlOf(adql, geometry)}) as q`
      })
      const texts: string[] = []
      for (let from = 0; from < parts.length; from += 100) {
        const { rows } = await pool.query(`${parts.slice(from, from + 100).join(' union all ')} order by i`)
        texts.push(...rows.map(({ a }: { a: string }) => a))
      }
      found.push(texts)
    }
    return found
  }

  async function expectAgreement(queries: readonly string[]): Promise<void> {
    const [portable, ...others] = await answers(queries)
    expect(portable?.filter((answer) => answer !== '').length).toBeGreaterThan(0)
    for (const other of others) expect(other).toEqual(portable)
  }

  test('on 10,000 cones and the stars in them, each the radius of its row', async () => {
    const adql =
      'SELECT c.id, COUNT(*) AS n FROM rnd.cone AS c JOIN rnd.star AS s ON 1 = CONTAINS(POINT(s.ra, s.dec), CIRCLE(c.ra, c.dec, c.r)) WHERE c.r < 3 GROUP BY c.id'
    await expectAgreement([adql])
  })

  test('on crossmatches of constant radius', async () => {
    await expectAgreement(
      [0.001, 0.1, 1].map(
        (radius) =>
          `SELECT c.id, s.id AS other FROM rnd.cone AS c JOIN rnd.star AS s ON DISTANCE(s.ra, s.dec, c.ra, c.dec) < ${radius}`,
      ),
    )
  })

  test('on cones of constants, of all sizes', async () => {
    const queries = arrayOf(400, () => {
      const [longitude, latitude] = place(random)
      const radius = 180 * random() ** 4
      const point = `POINT(${longitude}, ${latitude})`
      return random() < 0.5
        ? `SELECT id FROM rnd.star WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE(${point}, ${radius}))`
        : `SELECT id FROM rnd.star WHERE ${radius} > DISTANCE(${point}, POINT(ra, dec))`
    })
    await expectAgreement(queries)
  })

  test('on polygons of constants, and those that a negation leaves', async () => {
    const queries = arrayOf(200, () => {
      const vertices = starShape(place(random), random)
      return `SELECT id FROM rnd.star WHERE ${random() < 0.5 ? 1 : 0} = CONTAINS(POINT(ra, dec), POLYGON(${vertices.flat().join(', ')}))`
    })
    await expectAgreement(queries)
  })

  test('what an index answers is what every row answers', async () => {
    const cones = arrayOf(300, () => {
      const [longitude, latitude] = place(random)
      return `CONTAINS(POINT(ra, dec), CIRCLE(${longitude}, ${latitude}, ${20 * random() ** 3}))`
    })
    for (const geometry of STRATEGIES) {
      const count = (condition: string) => `(${sqlOf(`SELECT COUNT(*) FROM rnd.star WHERE ${condition}`, geometry)})`
      const pairs = cones.map((cone) => `${count(`${cone} = 1`)} = ${count(`NOT ${cone} = 0`)}`)
      const { rows } = await pool.query(`select ${pairs.map((pair) => `(${pair})::int`).join(' + ')} as equal`)
      expect(rows[0].equal).toBe(cones.length)
    }
  })

  test('a cone, a crossmatch and a distance that is swapped are found by an index in each', async () => {
    for (const geometry of STRATEGIES) {
      for (const adql of [
        'SELECT id FROM rnd.star WHERE CONTAINS(POINT(ra, dec), CIRCLE(10, 20, 0.1)) = 1',
        'SELECT id FROM rnd.star WHERE 0.1 > DISTANCE(POINT(359.99, 89.9), POINT(ra, dec))',
        'SELECT c.id FROM rnd.cone AS c JOIN rnd.star AS s ON DISTANCE(c.ra, c.dec, s.ra, s.dec) < 0.001',
        'SELECT c.id FROM rnd.cone AS c JOIN rnd.star AS s ON DISTANCE(c.ra, c.dec, s.ra, s.dec) < c.r',
      ]) {
        const { rows } = await pool.query(`explain (costs off) ${sqlOf(adql, geometry)}`)
        expect(JSON.stringify(rows)).toMatch(/Index (Only )?Scan|Bitmap Index Scan/)
      }
    }
  })
})

/** Vertices around a place, each in its own direction and at its own distance: simple, and often not convex. */
function starShape(
  [longitude, latitude]: readonly [number, number],
  random: () => number,
): (readonly [number, number])[] {
  const count = 3 + Math.floor(5 * random())
  const size = 0.5 + 30 * random() ** 2
  const radian = Math.PI / 180
  return Array.from({ length: count }, (_, index) => {
    const direction = ((index + 0.6 * random()) / count) * 2 * Math.PI
    const distance = size * (0.4 + 0.6 * random()) * radian
    const sin =
      Math.sin(latitude * radian) * Math.cos(distance) +
      Math.cos(latitude * radian) * Math.sin(distance) * Math.cos(direction)
    const east = Math.sin(direction) * Math.sin(distance) * Math.cos(latitude * radian)
    const north = Math.cos(distance) - Math.sin(latitude * radian) * sin
    const turned = (longitude + Math.atan2(east, north) / radian + 720) % 360
    return [turned, Math.asin(Math.max(-1, Math.min(1, sin))) / radian] as const
  })
}
