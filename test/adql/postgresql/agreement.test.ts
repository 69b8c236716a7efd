import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ColumnList, type ColumnMetadata, type TableMetadata } from '../../../shared/adql/metadata.ts'
import { parseQuery } from '../../../shared/adql/parse.ts'
import { type GeometryStrategy, toPostgresql } from '../../../shared/adql/postgresql.ts'
import { resolveQuery } from '../../../shared/adql/resolve.ts'
import { TableSet } from '../../../shared/adql/table-set.ts'
import { DOUBLE, INTEGER, POLYGON } from '../../../shared/adql/value-type.ts'
import { runs } from '../../support/effort.ts'
import { type ExtensionDatabase, extensionDatabase, NEEDS_EXTENSIONS } from '../../support/extension-postgres.ts'
import { randomNumbers } from '../../support/random-numbers.ts'
import { distanceBetween, middleOf, type Place, placeAt, randomPlace, randomPolygon } from '../../support/random-sky.ts'

const STRATEGIES: readonly GeometryStrategy[] = ['portable', 'pgsphere', 'postgis']
/** All are drawn, so that the first are the same ones however many are taken. */
const DRAWN = 10_000
const COUNT = Math.min(DRAWN, runs(1_000))
/** How many polygons are written into queries too. */
const CONSTANTS = 60

/** Tables of numbers; `outline` is a column of the strategy's own type, of an array where it has none. */
const TABLES = {
  star: ['id', 'ra', 'dec'],
  cone: ['id', 'ra', 'dec', 'r'],
  near: ['id', 'ra', 'dec'],
  shape: ['id', 'outline', 'ra', 'dec', 'r'],
  spot: ['id', 'shape', 'ra', 'dec'],
}

function tablesFor(geometry: GeometryStrategy): TableSet {
  const tables = Object.entries(TABLES).map(([name, columns]): TableMetadata => {
    const list = columns.map((text): ColumnMetadata => {
      const type = text === 'outline' ? POLYGON : text === 'id' || text === 'shape' ? INTEGER : DOUBLE
      const shape = geometry === 'portable' ? { as: 'array' as const } : { as: 'native' as const }
      return { name: { text, delimited: false }, type, ...(text === 'outline' ? { physical: geometry, shape } : {}) }
    })
    const schema = { text: 'rnd', delimited: false }
    const own = { text: name, delimited: false }
    return { schema, name: own, tapName: `rnd.${name}`, columns: new ColumnList(list), positions: [] }
  })
  return new TableSet(tables)
}

const SETS = new Map(STRATEGIES.map((geometry) => [geometry, tablesFor(geometry)]))

function sqlOf(adql: string, geometry: GeometryStrategy): string {
  return toPostgresql(resolveQuery(parseQuery(adql), SETS.get(geometry) as TableSet), { geometry })
}

describe.skipIf(NEEDS_EXTENSIONS !== '')(`the three strategies agree${NEEDS_EXTENSIONS}`, () => {
  let database: ExtensionDatabase
  let pool: pg.Pool
  const random = randomNumbers(20_261_127)
  const stars = Array.from({ length: 500 }, () => randomPlace(random))
  // Small ones most of all, but up to the whole sky.
  const allCones = Array.from({ length: DRAWN }, (_, index) => {
    return { at: randomPlace(random), radius: index % 20 === 0 ? 180 * random() : 10 ** (-5 + 5.5 * random()) }
  })
  // Beside the centre of each cone, up to two arc seconds away.
  const allNear = allCones.map(({ at }) => {
    const distance = (2 * random()) / 3600
    return { at: placeAt(at, distance, 360 * random()), distance }
  })
  const allShapes = Array.from({ length: DRAWN }, (_, index) => {
    const centre = randomPlace(random)
    const size = index % 5 === 0 ? 40 * random() : 3 * random() ** 3 + 0.001
    const vertices = randomPolygon(centre, size, random)
    // One radius in ten is any at all, negative ones included.
    return { centre, size, vertices, radius: index % 10 === 0 ? 220 * random() - 20 : size * random() }
  })
  // For each shape a vertex, the middle of a side, and places within and without.
  const allSpots = allShapes.flatMap(({ centre, size, vertices: [a, b] }, shape) => {
    const others = Array.from({ length: 3 }, () => placeAt(centre, 1.1 * size * Math.sqrt(random()), 360 * random()))
    return a && b ? [a, middleOf(a, b), ...others].map((at) => ({ shape, at })) : []
  })
  const [cones, near, shapes] = [allCones.slice(0, COUNT), allNear.slice(0, COUNT), allShapes.slice(0, COUNT)]
  const spots = allSpots.filter(({ shape }) => shape < COUNT)

  beforeAll(async () => {
    database = await extensionDatabase()
    pool = database.pool
    // Where TEST_EXTENSIONS_URL names the server: compiling statements of hundreds of kilobytes would take minutes.
    pool.options.options = '-c jit=off'
    const rows = (list: readonly (readonly unknown[])[]) => list.map((row, i) => `(${[i, ...row].join(', ')})`).join()
    await pool.query(`
      create schema rnd;
      create table rnd.star (id integer, ra float8, "dec" float8);
      create table rnd.cone (id integer, ra float8, "dec" float8, r float8);
      create table rnd.near (id integer, ra float8, "dec" float8);
      create table rnd.shape (id integer, portable float8[], pgsphere spoly, postgis geography, ra float8, "dec" float8, r float8);
      create table rnd.spot (id integer, shape integer, ra float8, "dec" float8);
      insert into rnd.star values ${rows(stars)};
      insert into rnd.star values (-1, null, 0), (-2, 0, null), (-3, 0, 90), (-4, 360, 0), (-5, 0, 0), (-6, 180, -90);
      insert into rnd.cone values ${rows(cones.map(({ at, radius }) => [...at, radius]))};
      insert into rnd.near values ${rows(near.map(({ at }) => at))};
      insert into rnd.shape values ${rows(
        shapes.map(({ vertices, centre, radius }) => {
          return [`array[${vertices.flat()}]`, spolyOf(vertices), geographyOf(vertices), ...centre, radius]
        }),
      )};
      insert into rnd.spot values ${rows(spots.map(({ shape, at }) => [shape, ...at]))};
      create index on rnd.spot (shape);
      create index on rnd.shape (id);`)
    for (const table of ['star', 'near']) {
      await pool.query(`
        create index on rnd.${table} ("dec");
        create index on rnd.${table} using gist (spoint(radians(ra), radians("dec")));
        create index on rnd.${table} using gist ((st_setsrid(st_makepoint(case when ra > 180 then ra - 360 else ra end, "dec"), 4326)::geography))`)
    }
    await pool.query('analyze')
  })
  afterAll(async () => database?.drop())

  async function rowsOf(adql: string, geometry: GeometryStrategy): Promise<string[]> {
    const { rows } = await pool.query({ text: sqlOf(adql, geometry), rowMode: 'array' })
    return rows.map(String)
  }

  /** The answers of many queries, each as one text. */
  async function answersTo(queries: readonly string[], geometry: GeometryStrategy): Promise<string[]> {
    const texts: string[] = []
    for (let from = 0; from < queries.length; from += 100) {
      const parts = queries.slice(from, from + 100).map((adql, index) => {
        return `select ${index} as i, coalesce(string_agg(q.c1::text, ' ' order by q.c1), '') as a from (${sqlOf(adql, geometry)}) as q`
      })
      const { rows } = await pool.query(`${parts.join(' union all ')} order by i`)
      texts.push(...rows.map(({ a }: { a: string }) => a))
    }
    return texts
  }

  /** What queries find in plain SQL, one after the other. */
  async function idsOf(queries: readonly string[]): Promise<string[]> {
    return (await answersTo(queries, 'portable')).join(' ').split(/ +/).filter(Boolean)
  }

  test(`on ${COUNT} cones of random size, with what a computation by hand finds in them`, async () => {
    const expected = cones.map(({ at, radius }) => {
      // Few are so near to the edge that rounding decides; none is, with this seed.
      return stars.filter((star) => distanceBetween(star, at) <= radius).length
    })
    const adql = (condition: string) => `SELECT c.id, COUNT(s.id) AS n FROM rnd.cone AS c
      LEFT JOIN rnd.star AS s ON s.id >= 0 AND 1 = CONTAINS(POINT(s.ra, s.dec), CIRCLE(c.ra, c.dec, c.r))
      WHERE ${condition} GROUP BY c.id ORDER BY c.id`
    for (const geometry of STRATEGIES) {
      const found = await rowsOf(adql('c.r < 4'), geometry)
      const wide = await rowsOf(adql('c.r >= 4'), geometry)
      const counts = new Map([...found, ...wide].map((row) => row.split(',').map(Number) as [number, number]))
      expect(cones.map((_, index) => counts.get(index))).toEqual(expected)
    }
  })

  test(`on a crossmatch of ${COUNT} positions within an arc second, and within a radius of each`, async () => {
    const within = near.flatMap(({ distance }, index) => (distance < 1 / 3600 ? [index] : []))
    for (const geometry of STRATEGIES) {
      const fixed = await rowsOf(
        'SELECT c.id FROM rnd.cone AS c JOIN rnd.near AS n ON DISTANCE(c.ra, c.dec, n.ra, n.dec) < 1 / 3600. WHERE c.id = n.id ORDER BY c.id',
        geometry,
      )
      expect(fixed.map(Number)).toEqual(within)
      const own = await rowsOf(
        'SELECT c.id, n.id FROM rnd.cone AS c JOIN rnd.near AS n ON c.r > DISTANCE(POINT(n.ra, n.dec), POINT(c.ra, c.dec)) WHERE c.r < 0.001 AND c.id = n.id ORDER BY c.id',
        geometry,
      )
      const inOwn = cones.flatMap(({ radius }, i) => (radius < 0.001 && (near[i]?.distance ?? 0) < radius ? [i] : []))
      expect(own.map((row) => Number(row.split(',')[0]))).toEqual(inOwn)
    }
  })

  test(`on ${COUNT} polygons of columns, and on the first of them as constants`, async () => {
    const adql =
      'SELECT s.id FROM rnd.shape AS h JOIN rnd.spot AS s ON s.shape = h.id WHERE CONTAINS(POINT(s.ra, s.dec), h.outline) = 1 ORDER BY s.id'
    const [portable = [], ...others] = await Promise.all(STRATEGIES.map((geometry) => rowsOf(adql, geometry)))
    expect(portable.length).toBeGreaterThan(2 * COUNT)
    for (const other of others) expect(other).toEqual(portable)
    const constant = shapes.slice(0, CONSTANTS).map(({ vertices }, index) => {
      const polygon = `POLYGON(${vertices.flat().join(', ')})`
      return `SELECT id FROM rnd.spot WHERE shape = ${index} AND 1 = CONTAINS(POINT(ra, dec), ${polygon})`
    })
    const first = portable.filter((id) => (spots[Number(id)]?.shape ?? 0) < CONSTANTS)
    expect(await idsOf(constant)).toEqual(first)
  })

  test('on polygons and circles that touch, hold or miss each other', async () => {
    for (const relation of ['INTERSECTS(outline, circle)', 'CONTAINS(circle, outline)', 'CONTAINS(outline, circle)']) {
      const condition = relation.replace('circle', 'CIRCLE(ra, dec, r)')
      const adql = `SELECT id FROM rnd.shape WHERE id < 1000 AND 1 = ${condition} ORDER BY id`
      const [portable = [], ...others] = await Promise.all(STRATEGIES.map((geometry) => rowsOf(adql, geometry)))
      expect(portable.length).toBeGreaterThan(50)
      for (const other of others) expect(other).toEqual(portable)
      // Negative radii are neither within nor without.
      const outside = adql.replace('1 = ', '0 = ')
      const [missed = [], ...otherMissed] = await Promise.all(STRATEGIES.map((geometry) => rowsOf(outside, geometry)))
      for (const other of otherMissed) expect(other).toEqual(missed)
      const known = shapes.slice(0, 1000).filter(({ radius }) => radius >= 0)
      expect(portable.length + missed.length).toBe(known.length)
      const constant = shapes.slice(0, CONSTANTS).map(({ vertices, radius }, index) => {
        const condition = relation
          .replace('outline', `POLYGON(${vertices.flat().join(', ')})`)
          .replace('circle', `CIRCLE(ra, dec, ${radius} + 0 * r)`)
        return `SELECT id FROM rnd.shape WHERE id = ${index} AND 1 = ${condition}`
      })
      expect(await idsOf(constant)).toEqual(portable.filter((id) => Number(id) < CONSTANTS))
    }
  })

  test('on cones and polygons of constants, which an index finds', async () => {
    const queries = Array.from({ length: 120 }, (_, index) => {
      const place = randomPlace(random)
      const radius = 180 * random() ** 4
      const shape = [
        `1 = CONTAINS(POINT(ra, dec), CIRCLE(${place.join(', ')}, ${radius}))`,
        `${radius} > DISTANCE(POINT(${place.join(', ')}), POINT(ra, dec))`,
        `CONTAINS(POINT(ra, dec), POLYGON(${randomPolygon(place, 30 * random() ** 2, random)
          .flat()
          .join(', ')})) = 1`,
        `0 = CONTAINS(POINT(ra, dec), POLYGON(${randomPolygon(place, 30 * random(), random)
          .flat()
          .join(', ')}))`,
      ][index % 4]
      return `SELECT id FROM rnd.star WHERE ${shape}`
    })
    const [portable, ...others] = await Promise.all(STRATEGIES.map((geometry) => answersTo(queries, geometry)))
    for (const other of others) expect(other).toEqual(portable)
    // What no index can answer, because the result is a value.
    const every = queries.map((adql) => adql.replace(/WHERE (.*) = (.*)/, 'WHERE ($1) + 0 = $2'))
    expect(await answersTo(every, 'portable')).toEqual(portable)
  })

  test('a cone, a crossmatch and a distance that is swapped are found by an index in each', async () => {
    for (const geometry of STRATEGIES) {
      for (const adql of [
        'SELECT id FROM rnd.star WHERE CONTAINS(POINT(ra, dec), CIRCLE(10, 20, 0.1)) = 1',
        'SELECT id FROM rnd.star WHERE 0.1 > DISTANCE(POINT(359.99, 89.9), POINT(ra, dec))',
        'SELECT c.id FROM rnd.cone AS c JOIN rnd.star AS s ON DISTANCE(c.ra, c.dec, s.ra, s.dec) < 0.001',
        'SELECT c.id FROM rnd.cone AS c JOIN rnd.star AS s ON DISTANCE(c.ra, c.dec, s.ra, s.dec) < c.r',
        'SELECT h.id FROM rnd.shape AS h JOIN rnd.star AS s ON CONTAINS(POINT(s.ra, s.dec), h.outline) = 1',
      ]) {
        const { rows } = await pool.query(`explain (costs off) ${sqlOf(adql, geometry)}`)
        expect(JSON.stringify(rows)).toMatch(/Index (Only )?Scan|Bitmap Index Scan/)
      }
    }
  })
})

function spolyOf(vertices: readonly Place[]): string {
  return `'{${vertices.map(([longitude, latitude]) => `(${longitude}d, ${latitude}d)`).join()}}'`
}

function geographyOf(vertices: readonly Place[]): string {
  const [first] = vertices
  const ring = [...vertices, ...(first === undefined ? [] : [first])]
  const points = ring.map(([longitude, latitude]) => `${longitude > 180 ? longitude - 360 : longitude} ${latitude}`)
  return `'POLYGON((${points.join()}))'`
}
