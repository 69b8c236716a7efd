import { afterAll, beforeAll, expect, test } from 'vitest'
import { cellsOf, prepareDatabase, prepareQueries, type QueryDatabase, readAll, request } from './query-stage.ts'

let shared: QueryDatabase

beforeAll(async () => {
  shared = await prepareDatabase({ keep: true })
})

afterAll(() => shared.database.drop())

test('a query is answered in the form of COPY, with the fields and the release that it was resolved by', async () => {
  const { service } = await prepareQueries({ on: shared })
  const running = await service.start(request('SELECT TOP 3 object_id, ra AS longitude FROM survey.object ORDER BY ra'))
  expect(running.fields).toEqual([
    { name: 'object_id', datatype: 'long', id: 'object_id' },
    { name: 'longitude', datatype: 'double', unit: 'deg', ucd: 'pos.eq.ra', id: 'longitude' },
  ])
  expect(running.release.version).toBe('w.2026.01')
  const rows = cellsOf(await readAll(running))
  expect(rows.map(([id]) => id?.readBigInt64BE())).toEqual([0n, 1n, 2n])
  expect(rows.map(([, ra]) => ra?.readDoubleBE())).toEqual([0, 0.36, 0.72])
})

test('TAP_SCHEMA is read under the names of the standard, and joined with data', async () => {
  const { service } = await prepareQueries({ on: shared })
  const joined = `
    SELECT COUNT(*) AS n FROM TAP_SCHEMA.columns AS c JOIN tap_schema.Tables AS t ON c.table_name = t.table_name,
           survey.object WHERE t.table_name = 'survey.object'`
  const running = await service.start(request(joined))
  expect(cellsOf(await readAll(running)).map(([n]) => n?.readBigInt64BE())).toEqual([3000n])
})
