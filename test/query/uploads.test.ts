import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { QueryCancelledError, QueryLimitError, QueryServiceError } from '../../shared/query/errors.ts'
import type { Upload } from '../../shared/query/upload.ts'
import { readTable } from '../../shared/votable/read-table.ts'
import { cellsOf, prepareDatabase, prepareQueries, type QueryDatabase, readAll, request } from './query-stage.ts'

let shared: QueryDatabase

beforeAll(async () => {
  shared = await prepareDatabase({ keep: true })
})

afterAll(() => shared.database.drop())

/** An upload of a CSV text. */
async function csv(name: string, text: string): Promise<Upload> {
  const bytes = (async function* () {
    yield Buffer.from(text)
  })()
  const limits = { rows: 10_000, bytes: 1 << 20, columns: 100 }
  return { name, table: await readTable(bytes, { name, contentType: 'text/csv', limits }) }
}

/** An upload that counts its rows out, and says when it is closed. */
function slow(upload: Upload): Upload & { readonly isClosed: () => boolean } {
  let closed = false
  const { table } = upload
  const rows = (async function* () {
    yield* table.rows
    await pause(60_000, undefined, { ref: false })
  })()
  const close = async () => {
    closed = true
    await table.close()
  }
  return { name: upload.name, table: { ...table, rows, close }, isClosed: () => closed }
}

const JOINED =
  'SELECT u.label, o.dec FROM TAP_UPLOAD.mine AS u JOIN survey.object AS o ON o.object_id = u.id ORDER BY u.id'
const MINE = 'id,label\n2,two\n3,three\n'

test('uploaded tables are joined with those of the service, and are gone afterwards', async () => {
  const { service, pool } = await prepareQueries({ on: shared, max: 1 })
  const running = await service.start(request(JOINED, { uploads: [await csv('mine', MINE)] }))
  expect(running.fields.map(({ name, datatype }) => [name, datatype])).toEqual([
    ['label', 'char'],
    ['dec', 'double'],
  ])
  const rows = cellsOf(await readAll(running))
  expect(rows.map(([label, dec]) => [String(label), dec?.readDoubleBE()])).toEqual([
    ['two', -89.64],
    ['three', -89.46],
  ])
  const { rows: left } = await pool.query("select relname from pg_class where relname like 'upload%'")
  expect(left).toEqual([])
  const again = await service.start(request(JOINED, { uploads: [await csv('mine', 'id,label\n7,seven\n')] }))
  expect(cellsOf(await readAll(again)).map(([label]) => String(label))).toEqual(['seven'])
})

test('uploaded tables are joined with TAP_SCHEMA', async () => {
  const { service } = await prepareQueries({ on: shared })
  const adql = 'SELECT c.column_name FROM tap_schema.columns AS c JOIN TAP_UPLOAD.mine AS n ON n.name = c.column_name'
  const running = await service.start(request(adql, { uploads: [await csv('mine', 'name\nra\nnothing\n')] }))
  expect(cellsOf(await readAll(running)).map(([name]) => String(name))).toEqual(['ra'])
  expect(running.release.version).toBe('w.2026.01')
})

test('a swap while uploads are loaded: the query is of what is live when it runs', async () => {
  // One connection must do for all.
  const { service, goLive, liveTables } = await prepareQueries({ max: 1 })
  await liveTables.latest()
  const upload = await csv('mine', 'name\nra\n')
  const rows = (async function* () {
    await goLive('w.2026.02')
    yield* upload.table.rows
  })()
  const adql = 'SELECT c.column_name FROM tap_schema.columns AS c JOIN TAP_UPLOAD.mine AS n ON n.name = c.column_name'
  const running = await service.start(request(adql, { uploads: [{ ...upload, table: { ...upload.table, rows } }] }))
  expect(running.release.version).toBe('w.2026.02')
  expect(cellsOf(await readAll(running)).length).toBe(1)
})

test('a query that is wrong loads nothing, and closes what it was given', async () => {
  const { service, pool } = await prepareQueries({ on: shared })
  for (const adql of ['SELECT nothing FROM TAP_UPLOAD.mine', 'SELEKT', 'SELECT * FROM TAP_UPLOAD.yours']) {
    const upload = slow(await csv('mine', MINE))
    await expect(service.start(request(adql, { uploads: [upload] }))).rejects.toThrow(/no column|SELECT|no table/)
    expect(upload.isClosed()).toBe(true)
  }
  expect(pool.idleCount).toBe(pool.totalCount)
})

test('an upload that does not come ends with the time of the query', async () => {
  const { service, pool } = await prepareQueries({ on: shared })
  await service.start(request('SELECT ra FROM survey.object')).then(readAll)
  const upload = slow(await csv('mine', MINE))
  await expect(service.start(request(JOINED, { uploads: [upload], timeoutMs: 400 }))).rejects.toThrow(QueryLimitError)
  expect(upload.isClosed()).toBe(true)
  expect(pool.idleCount).toBe(pool.totalCount)
})

test('a client that leaves while its upload is loaded leaves nothing behind', async () => {
  const { service, pool } = await prepareQueries({ on: shared })
  const leaving = new AbortController()
  const starting = service.start(request(JOINED, { uploads: [slow(await csv('mine', MINE))], signal: leaving.signal }))
  setTimeout(() => leaving.abort(), 300)
  await expect(starting).rejects.toThrow(QueryCancelledError)
  expect(pool.idleCount).toBe(pool.totalCount)
})

test('a role that may not have temporary tables cannot take uploads, which the log has', async () => {
  const { service, database, logged } = await prepareQueries()
  const { rows } = await database.pool.query('select current_database() as name')
  await database.pool.query(`revoke temporary on database ${rows[0].name} from public`)
  const starting = service.start(request(JOINED, { uploads: [await csv('mine', MINE)] }))
  await expect(starting).rejects.toThrow(QueryServiceError)
  await expect(starting).rejects.toThrow('This service cannot take uploads')
  expect(logged.length).toBe(1)
})
