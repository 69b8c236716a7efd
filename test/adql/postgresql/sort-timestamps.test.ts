import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answer, CREATE_LINES, sqlOn } from '../../support/adql-values.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

describe('rows sorted by a timestamp', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase({ initialised: false, keep: true })
    await database.pool.query(`${CREATE_LINES};
      insert into fn.line (id, t) select i, timestamp '2020-12-31' + i * interval '1 day' from generate_series(0, 1999) as i;
      create index on fn.line (t);
      analyze fn.line`)
  })
  afterAll(async () => database?.drop())

  test.each([
    'SELECT TOP 2 t, id FROM fn.line ORDER BY t',
    'SELECT TOP 2 t AS x, id FROM fn.line ORDER BY x',
    'SELECT TOP 2 t, id FROM fn.line ORDER BY 1',
  ])('are found by the index of the column, in its order: %s', async (adql) => {
    expect(await answer(database.pool, adql)).toEqual([
      ['2020-12-31T00:00:00', 0],
      ['2021-01-01T00:00:00', 1],
    ])
    const { rows } = await database.pool.query(`explain (costs off) ${sqlOn(adql)}`)
    expect(JSON.stringify(rows)).toMatch(/Index Scan/)
    expect(JSON.stringify(rows)).not.toMatch(/Sort/)
  })

  test('may be grouped, distinct or of a set operation', async () => {
    const expected = [['2021-01-01T00:00:00'], ['2021-01-02T00:00:00']]
    for (const adql of [
      'SELECT MAX(t) AS x FROM fn.line WHERE id IN (1, 2) GROUP BY id ORDER BY x',
      'SELECT t FROM fn.line WHERE id IN (1, 2) GROUP BY t ORDER BY t',
      'SELECT DISTINCT t FROM fn.line WHERE id IN (1, 2) ORDER BY t',
      'SELECT t FROM fn.line WHERE id = 2 UNION SELECT t FROM fn.line WHERE id = 1 ORDER BY t',
      'SELECT q.t FROM (SELECT TOP 2 t FROM fn.line WHERE id > 0 ORDER BY t) AS q ORDER BY q.t',
    ]) {
      expect(await answer(database.pool, adql), adql).toEqual(expected)
    }
  })
})
