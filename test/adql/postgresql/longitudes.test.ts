import { afterAll, beforeAll, expect, test } from 'vitest'
import { answer, CREATE_LINES } from '../../support/adql-values.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase({ initialised: false, keep: true })
  await database.pool.query(CREATE_LINES)
  await database.pool.query(
    `insert into fn.line (id, a, b, n) values (1, -90, 10, -90), (2, 450, 10, 450), (3, 45, 10, 45), (4, null, 10, null)`,
  )
})
afterAll(() => database.drop())

const IN_RANGE = [270, 90, 45]

// DALI 1.1 §3.3.5 to §3.3.7.
test.each<[string, (longitude: number) => unknown]>([
  ['COORD1(POINT(a, b))', (l) => l],
  ['COORD1(CENTROID(CIRCLE(a, b, 1)))', (l) => l],
  ['COORD1(POINT(n, b))', (l) => l],
  ['POINT(a, b)', (l) => [l, 10]],
  ['CENTROID(POINT(a, b))', (l) => [l, 10]],
  ['CIRCLE(a, b, 1)', (l) => [l, 10, 1]],
  ['CIRCLE(POINT(a, b), 1)', (l) => [l, 10, 1]],
  ['POLYGON(a, b, 10, 20, 20, 20)', (l) => [l, 10, 10, 20, 20, 20]],
])('longitudes of rows are counted from 0 to 360 in %s', async (item, shown) => {
  const rows = await answer(database.pool, `SELECT ${item} FROM fn.line ORDER BY id`)
  expect(rows.flat(1)).toEqual([...IN_RANGE.map(shown), null])
})

test('a BOX across the longitude 0 has its corners between 0 and 360', async () => {
  const [[box]] = (await answer(database.pool, 'SELECT BOX(n - 45, 0, 2, 2) FROM fn.line WHERE id = 3')) as [[number[]]]
  expect(box.map((value) => Number(value.toFixed(2)))).toEqual([359, -1, 1, -1, 1, 1, 359, 1])
})

test('what they are computed from may be long, and an aggregate', async () => {
  const long = Array.from({ length: 80 }, () => 'a - a').join(' + ')
  const of = async (item: string) => answer(database.pool, `SELECT ${item} AS c FROM fn.line WHERE id < 4`)
  expect(await of(`COORD1(POINT(a + ${long}, b))`)).toEqual(IN_RANGE.map((l) => [l]))
  const counts = Array.from({ length: 80 }, () => 'COUNT(*) - COUNT(*)').join(' + ')
  expect(await of(`COORD1(POINT(${counts} - COUNT(*), 0))`)).toEqual([[357]])
})
