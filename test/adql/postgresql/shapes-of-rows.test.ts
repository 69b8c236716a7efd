import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { QueryServiceError, QueryValueError } from '../../../shared/query/errors.ts'
import { explainError } from '../../../shared/query/postgresql/explain.ts'
import { answer, CREATE_LINES } from '../../support/adql-values.ts'
import { type ExtensionDatabase, extensionDatabase, NEEDS_EXTENSIONS } from '../../support/extension-postgres.ts'

describe.skipIf(NEEDS_EXTENSIONS !== '')(`unusual numbers in shapes of rows${NEEDS_EXTENSIONS}`, () => {
  let database: ExtensionDatabase
  const notices: string[] = []
  beforeAll(async () => {
    database = await extensionDatabase()
    database.pool.on('connect', (client) => client.on('notice', ({ message }) => notices.push(String(message))))
    await database.pool.query(`${CREATE_LINES};
      insert into fn.line (id, a, b) values (1, 10, 'NaN'), (2, 10, null), (3, 10, 1), (4, 10, 0.5)`)
  })
  afterAll(async () => database?.drop())

  test.each([
    ['pgsphere', 'POLYGON(a, 10, a, 10, a, 10)'],
    ['pgsphere', 'POLYGON(a, 10, a + 10, 10, a + 5, 0, a + 5, 20)'],
    ['postgis', 'POLYGON(a, 10, a + 180, -10, a, 13)'],
  ] as const)('a polygon that cannot be is a fault of the query, through %s: %s', async (geometry, polygon) => {
    const adql = `SELECT id FROM fn.line WHERE CONTAINS(POINT(a, 10), ${polygon}) = 1`
    const error = await answer(database.pool, adql, { geometry }).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'XX000' })
    const circumstances = { timeoutMs: 1000, elapsedMs: 1, tables: ['fn.line'], userTables: [] }
    expect(explainError(error, circumstances)).toBeInstanceOf(QueryValueError)
    const fault = Object.assign(new Error('cache lookup failed for type 1'), { code: 'XX000' })
    expect(explainError(fault, circumstances)).toBeInstanceOf(QueryServiceError)
  })

  test('a radius of NaN is like NULL: nothing is within it', async () => {
    for (const geometry of ['portable', 'pgsphere', 'postgis'] as const) {
      const idsWhere = async (condition: string) => {
        return (
          await answer(database.pool, `SELECT id FROM fn.line WHERE ${condition} ORDER BY id`, { geometry })
        ).flat()
      }
      expect(await idsWhere('CONTAINS(POINT(a, 10), CIRCLE(10, 10, b)) = 1'), geometry).toEqual([3, 4])
      expect(await idsWhere('CONTAINS(POINT(a, 10), CIRCLE(10, 10, b)) = 0')).toEqual([])
      expect(await idsWhere('CONTAINS(CIRCLE(a, 10, 0.7), CIRCLE(10, 10, b)) + 0 = 1')).toEqual([3])
      expect(await idsWhere('INTERSECTS(POLYGON(9, 9, 11, 9, 10, 11), CIRCLE(a, 10, b)) = 1')).toEqual([3, 4])
      expect(await idsWhere('CONTAINS(CIRCLE(a, 10, b), POLYGON(0, 0, 20, 0, 10, 20)) = 1')).toEqual([3, 4])
      expect(await idsWhere('CONTAINS(POLYGON(a, 10, a + 0.6, 10, a, 10.6), CIRCLE(10, 10, b)) = 1')).toEqual([3])
      expect(await idsWhere('DISTANCE(a, 10, 10, 10) < b')).toEqual([3, 4])
      expect(await idsWhere('NOT DISTANCE(a, 10, 10, 10) < b')).toEqual([])
    }
  })

  test('a circle with a negative radius is like NULL, one wider than a hemisphere is a circle still', async () => {
    await database.pool.query(
      `insert into fn.line (id, a, b) values (11, 10, -1), (12, 10, -0.0), (13, 10, 100), (14, 10, 180), (15, 10, 500)`,
    )
    const items = [
      'CONTAINS(POINT(a, 10), CIRCLE(10, 10, b))',
      'INTERSECTS(CIRCLE(a, 10, b), CIRCLE(10, 10, 2))',
      'CONTAINS(CIRCLE(a, 10, b), CIRCLE(10, 10, 120))',
      'INTERSECTS(POLYGON(9, 9, 11, 9, a, 11), CIRCLE(10, 10, b))',
      'INTERSECTS(POLYGON(189, -11, 191, -11, 180 + a, -9), CIRCLE(10, 10, b))',
      'CONTAINS(CIRCLE(10, 10, b), POLYGON(a, 9, 12, 9, 12, 12))',
      'CONTAINS(POLYGON(a, 9, 12, 9, 12, 12), CIRCLE(10, 10, b))',
      'CONTAINS(POLYGON(a + 180, -11, 192, -11, 192, -8), CIRCLE(10, 10, b))',
      'CONTAINS(POLYGON(189, -11, 192, -11, 192, -8), CIRCLE(a, 10, b))',
      'AREA(CIRCLE(a, 10, b))',
      'CIRCLE(a, 10, b)',
    ]
    const adql = `SELECT id, ${items.join(', ')} FROM fn.line WHERE id > 10 ORDER BY id`
    const area = (radius: number) =>
      expect.closeTo((2 * 180 * 180 * (1 - Math.cos((radius * Math.PI) / 180))) / Math.PI, 6)
    for (const geometry of ['portable', 'pgsphere', 'postgis'] as const) {
      expect(await answer(database.pool, adql, { geometry }), geometry).toEqual([
        [11, null, null, null, null, null, null, null, null, null, null, null],
        [12, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, [10, 10, 0]],
        [13, 1, 1, 1, 1, 0, 0, 1, 0, 0, area(100), [10, 10, 100]],
        [14, 1, 1, 0, 1, 1, 0, 1, 1, 1, area(180), [10, 10, 180]],
        [15, 1, 1, 0, 1, 1, 0, 1, 1, 1, expect.any(Number), [10, 10, 500]],
      ])
    }
  })

  test('longitudes of expressions may be turns away, without a word of PostGIS', async () => {
    notices.length = 0
    for (const turned of ['a + 1440', 'a - 1080', 'a + 360 * id', '10 - 360 * id']) {
      const point = `POINT(${turned}, 10)`
      for (const condition of [
        `CONTAINS(${point}, CIRCLE(10, 10, 0.1)) = 1`,
        `CONTAINS(${point}, CIRCLE(a - 720, 10, 0.1)) = 1`,
        `CONTAINS(${point}, POLYGON(a, 9, a + 1, 11, a - 1, 11)) = 1`,
        `DISTANCE(${point}, POINT(a, 10)) < 1`,
      ]) {
        const adql = `SELECT id FROM fn.line WHERE id < 10 AND ${condition} ORDER BY id`
        for (const geometry of ['portable', 'pgsphere', 'postgis'] as const) {
          expect((await answer(database.pool, adql, { geometry })).flat(), `${geometry}: ${condition}`).toEqual([
            1, 2, 3, 4,
          ])
        }
      }
    }
    expect(notices).toEqual([])
  })
})
