import { expect, test } from 'vitest'
import { rollback } from '../../shared/tap-schema/rollback.ts'
import { runs } from '../support/effort.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { cellsOf, prepareQueries, readAll, request } from './query-stage.ts'

/** A release whose every table, column and key name says which one it is. */
function release(version: string): ReadonlyMap<string, string> {
  const columns = ['object_id', 'ra', 'dec'].map((name) => ({
    name,
    datatype: name === 'object_id' ? 'long' : 'double',
    extra: `description: of ${version}`,
  }))
  return new Map([['survey.yaml', sampleSchema('survey', { object: [...columns, { name: `only_${version}` }] })]])
}

const JOINED = `
SELECT c.column_name, c.description, t.table_name, s.schema_name
  FROM tap_schema.columns AS c
  JOIN tap_schema.tables AS t ON t.table_name = c.table_name
  JOIN tap_schema.schemas AS s ON s.schema_name = t.schema_name
 WHERE t.table_name = 'survey.object'`

test('swap after swap under a load of queries: each answer is of the release that it names, none fails', async () => {
  const { service, database, goLive } = await prepareQueries({ max: 6 })
  await goLive('a', release('a'))
  await goLive('b', release('b'))
  let isOver = false
  const answers = { slot: 0, data: 0 }
  const mixed: string[] = []
  const seen = new Set<string>()
  const askSlot = async () => {
    while (!isOver) {
      const running = await service.start(request(JOINED))
      const rows = cellsOf(await readAll(running)).map((row) => row.map(String))
      const { version } = running.release
      const right =
        rows.length === 4 && rows.every(([name, of]) => name === `only_${version}` || of === `of ${version}`)
      if (!right) mixed.push(`${version}: ${JSON.stringify(rows)}`)
      seen.add(version)
      answers.slot += 1
    }
  }
  const askData = async () => {
    while (!isOver) {
      const running = await service.start(request('SELECT TOP 5 object_id, dec FROM survey.object'))
      const rows = cellsOf(await readAll(running))
      const { description } = running.columns[1]!
      if (rows.length !== 5 || description !== `of ${running.release.version}`) mixed.push(`data: ${description}`)
      answers.data += 1
    }
  }
  const load = [askSlot(), askSlot(), askSlot(), askData(), askData()]
  let live = 'b'
  const swaps = runs(16)
  for (let turn = 0; turn < swaps; turn++) {
    live = live === 'a' ? 'b' : 'a'
    await rollback(database.pool, { expectedVersion: live, actor: 'tester' })
  }
  isOver = true
  await Promise.all(load)
  expect(mixed).toEqual([])
  expect([...seen].sort()).toEqual(['a', 'b'])
  expect(answers.slot).toBeGreaterThan(swaps)
  expect(answers.data).toBeGreaterThan(swaps)
})

test('a client that does not fetch its rows of TAP_SCHEMA keeps no swap out', async () => {
  const { service, database, goLive } = await prepareQueries()
  await goLive('a', release('a'))
  const many =
    'SELECT TOP 36000 a.*, b.* FROM tap_schema.columns AS a, tap_schema.columns AS b, tap_schema.columns AS c'
  const running = await service.start(request(many, { maxRows: 36_000 }))
  const before = performance.now()
  await rollback(database.pool, { expectedVersion: 'w.2026.01', actor: 'tester' })
  expect(performance.now() - before).toBeLessThan(5_000)
  const rows = cellsOf(await readAll(running))
  expect(rows.length).toBe(36_000)
  expect(running.release.version).toBe('a')
})

test('a client that does not fetch its rows of data keeps no swap out', async () => {
  const { service, database, goLive } = await prepareQueries()
  await goLive('a', release('a'))
  const many = 'SELECT a.ra, b.dec FROM survey.object AS a, survey.object AS b'
  const running = await service.start(request(many, { maxRows: 1_000_000 }))
  await rollback(database.pool, { expectedVersion: 'w.2026.01', actor: 'tester' })
  await running.close()
})

test('a table that went live a moment ago can be queried at once, and one that is gone cannot', async () => {
  const { service, database, goLive } = await prepareQueries()
  const asked = 'SELECT only_a FROM survey.object'
  await expect(service.start(request(asked))).rejects.toThrow('There is no column only_a')
  await database.pool.query('alter table survey.object add column only_a float8')
  await goLive('a', release('a'))
  const running = await service.start(request(asked, { maxRows: 2000 }))
  expect(cellsOf(await readAll(running)).length).toBe(1000)
  expect(running.release.version).toBe('a')
  await rollback(database.pool, { expectedVersion: 'w.2026.01', actor: 'tester' })
  await expect(service.start(request(asked))).rejects.toThrow('There is no column only_a')
})

test('a service with one connection finds out by a large query that something else is live', async () => {
  const { service, goLive, liveTables } = await prepareQueries({ max: 1 })
  await liveTables.latest()
  await goLive('w.2026.02')
  const many = 'SELECT a.ra, b.dec FROM survey.object AS a, survey.object AS b'
  const running = await service.start(request(many, { maxRows: 1_000_000 }))
  expect(running.release.version).toBe('w.2026.02')
  await running.close()
})
