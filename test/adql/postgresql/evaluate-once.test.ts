import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AdqlError } from '../../../shared/adql/error.ts'
import { answer, CREATE_LINES, sqlOn } from '../../support/adql-values.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

function errorOf(adql: string): AdqlError {
  try {
    sqlOn(adql)
  } catch (error) {
    if (error instanceof AdqlError) return error
    throw error
  }
  throw new Error(`accepted: ${adql}`)
}

describe('arguments that a function needs several times', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase({ initialised: false, keep: true })
    await database.pool.query(CREATE_LINES)
    await database.pool.query(
      `insert into fn.line (id, a, b, n) select i, 10 * i, i, i % 3 from generate_series(1, 20) as i`,
    )
  })
  afterAll(async () => database?.drop())

  test('are written once, however deep calls are nested', () => {
    const nest = (depth: number): string =>
      depth === 0 ? 'a' : `COORD1(ivo_healpix_center(3, ivo_healpix_index(3, ${nest(depth - 1)}, b)))`
    const [two, four] = [2, 4].map((depth) => sqlOn(`SELECT ${nest(depth)} FROM fn.line`).length)
    expect(four).toBeLessThan(2.5 * two!)
  })

  test.each([
    ['distances', (x: string) => `DISTANCE(0, ${x}, 0, 0)`],
    ['boxes', (x: string) => `AREA(BOX(0, 0, ${x}, 1))`],
    ['polygons', (x: string) => `COORD1(CENTROID(POLYGON(0, 0, ${x}, 0, 1, 1)))`],
    ['circles', (x: string) => `INTERSECTS(CIRCLE(0, 0, ${x}), POLYGON(0, 0, 1, 0, 1, 1))`],
  ])('are refused in %s of each other that would grow without limit', (_what, wrap) => {
    for (const geometry of ['portable', 'pgsphere', 'postgis'] as const) {
      let value = 'a'
      for (let depth = 0; depth < 12; depth++) value = wrap(value)
      expect(() => sqlOn(`SELECT ${value} FROM fn.line`, { geometry })).toThrow('This is computed from too much')
      expect(sqlOn(`SELECT ${wrap(wrap('a'))} FROM fn.line`, { geometry }).length).toBeLessThan(500_000)
    }
  })

  test('times are written once, however deep casts are nested', () => {
    const nest = (depth: number): string =>
      depth === 0 ? 's' : `CAST(CAST(${nest(depth - 1)} AS TIMESTAMP) AS VARCHAR)`
    const [ten, forty] = [10, 40].map((depth) => sqlOn(`SELECT ${nest(depth)} FROM fn.line`).length)
    expect(forty).toBeLessThan(5 * ten!)
  })

  test('are computed anew for each row, random ones too', async () => {
    const rows = await answer(database.pool, 'SELECT ivo_healpix_index(29, 360 * RAND(), b) FROM fn.line')
    expect(new Set(rows.flat()).size).toBe(20)
  })

  test('may be what the rows are grouped by', async () => {
    const grouped = 'GROUP BY ROUND(a / 50), ROUND(b / 5)'
    const adql = `SELECT ROUND(a / 50) AS l, ivo_healpix_index(3, ROUND(a / 50), ROUND(b / 5)) AS p,
        CONTAINS(POINT(ROUND(a / 50), ROUND(b / 5)), POLYGON(0, 0, 3, 0, 3, 3, 0, 3)) AS c, COUNT(*) AS n
      FROM fn.line WHERE ROUND(a / 50) > 0 ${grouped} HAVING ivo_healpix_index(3, ROUND(a / 50), ROUND(b / 5)) > 0
      ORDER BY ivo_healpix_index(9, ROUND(a / 50), ROUND(b / 5)) + 0, l`
    const rows = await answer(database.pool, adql)
    expect(rows.map(([l, , c, n]) => [l, c, n])).toEqual([
      [1, 1, '5'],
      [2, 1, '5'],
      [3, 1, '5'],
      [4, 0, '3'],
    ])
    const [[count]] = (await answer(database.pool, 'SELECT COUNT(*) FROM fn.line')) as [[string]]
    expect(await answer(database.pool, 'SELECT RAND() AS r, COUNT(*) AS n FROM fn.line GROUP BY RAND()')).toHaveLength(
      Number(count),
    )
  })

  test('GROUP BY takes an alias, unless a column is called so', async () => {
    const grouped = (rest: string) =>
      answer(database.pool, `SELECT ROUND(a / 100) AS band, n AS b, COUNT(*) AS c FROM fn.line ${rest}`)
    expect(await grouped('GROUP BY BAND, n ORDER BY band, b')).toHaveLength(9)
    expect(errorOf('SELECT n + 1 AS a, COUNT(*) AS c FROM fn.line GROUP BY a').message).toContain(
      'n is neither grouped',
    )
    expect(errorOf('SELECT n, COUNT(*) AS c FROM fn.line GROUP BY c')).toMatchObject({ fault: 'aggregate' })
    expect(errorOf('SELECT n + 1 AS band FROM fn.line WHERE band > 1').message).toContain('only GROUP BY and ORDER BY')
  })

  test('may be aggregates of columns', async () => {
    const adql =
      'SELECT n, ivo_healpix_index(1, AVG(a), AVG(b)) AS p, ivo_healpix_index(1, MIN(a), b) AS q FROM fn.line GROUP BY n, b'
    const rows = await answer(database.pool, `${adql} HAVING ivo_healpix_index(1, AVG(a), AVG(b)) IS NOT NULL`)
    expect(rows).toHaveLength(20)
    for (const [, p, q] of rows) expect(p).toBe(q)
  })

  test('are not random in positions and shapes, but can come from a subquery', async () => {
    for (const condition of [
      'CONTAINS(POINT(360 * RAND(), b), CIRCLE(1, 2, 3)) = 1',
      'CONTAINS(POINT(a, b), CIRCLE(1, 2, RAND())) = 1',
      'DISTANCE(a, b, RAND(), 2) < 1',
      'COORD1(POINT(RAND(), b)) > 1',
    ]) {
      const adql = `SELECT id FROM fn.line WHERE ${condition}`
      const start = adql.indexOf('RAND()')
      expect(errorOf(adql)).toMatchObject({ reason: 'volatile-position', span: { start, end: start + 6 } })
    }
    expect(errorOf('SELECT POINT(360 * RAND(), b) FROM fn.line').message).toBe(
      'RAND cannot stand in a position or a shape, which needs its value several times. Compute it in a subquery: SELECT … FROM (SELECT RAND(…) AS a, … FROM …) AS t.',
    )
    expect(sqlOn('SELECT id FROM fn.line WHERE DISTANCE(a, b, 1, 2) < RAND()').match(/random\(\)/g)).toHaveLength(1)
    const inner = '(SELECT 360 * RAND() AS r, b FROM fn.line) AS t'
    const rows = await answer(database.pool, `SELECT r, COORD1(POINT(r, b)), DISTANCE(r, 0, r, 1) FROM ${inner}`)
    expect(rows).toHaveLength(20)
    for (const [r, longitude, distance] of rows) expect([longitude, distance]).toEqual([r, expect.closeTo(1, 9)])
  })

  test('that no row decides are refused, and can come from a subquery', async () => {
    expect(errorOf('SELECT ivo_healpix_center(3, COUNT(*)) FROM fn.line')).toMatchObject({
      fault: 'unsupported',
      reason: 'rowless-argument',
      span: { start: 29, end: 37 },
    })
    expect(errorOf('SELECT ivo_healpix_index(3, 360 * RAND(), 5) FROM fn.line').message).toBe(
      'RAND cannot be an argument of ivo_healpix_index here. Compute it in a subquery: SELECT … FROM (SELECT RAND(…) AS a FROM …) AS t.',
    )
    const inner = '(SELECT 360 * RAND() AS r, 5 AS d FROM fn.line) AS t'
    const rows = await answer(database.pool, `SELECT ivo_healpix_index(29, t.r, t.d) FROM ${inner}`)
    expect(new Set(rows.flat()).size).toBe(20)
    const count = '(SELECT COUNT(*) AS n FROM fn.line) AS t'
    expect(await answer(database.pool, `SELECT ivo_healpix_center(3, t.n) FROM ${count}`)).toEqual([
      [[expect.any(Number), expect.any(Number)]],
    ])
  })
})
