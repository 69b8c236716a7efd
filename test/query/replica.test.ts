import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalPostgres, startPostgres } from '../../local/postgres.ts'
import { STANDARD_FUNCTIONS } from '../../shared/adql/functions/table.ts'
import { openPostgresqlService } from '../../shared/query/postgresql.ts'
import { watchLiveMetadata } from '../../shared/tap/live-metadata.ts'
import { readTable } from '../../shared/votable/read-table.ts'
import { cellsOf, LOWER_CASE, prepareDatabase, type QueryDatabase, readAll, request } from './query-stage.ts'

let folder: string
let replica: LocalPostgres
let pool: pg.Pool
/** Where TAP_SCHEMA is. */
let described: QueryDatabase

/** Its connections may still be closing when the server stops. */
function openPool({ url }: LocalPostgres): pg.Pool {
  const opened = new pg.Pool({ connectionString: url })
  opened.on('error', () => {})
  return opened
}

/** A server that comes up in recovery, as a replica whose primary is away does. */
beforeAll(async () => {
  described = await prepareDatabase({ keep: true })
  folder = await mkdtemp(join(tmpdir(), 'almagest-replica-'))
  const primary = await startPostgres({ stateDirectory: folder, unsafe: true })
  const admin = openPool(primary)
  await admin.query(`create schema survey;
    create table survey.object as select i::bigint as object_id, i::float8 as ra, 0::float8 as dec from generate_series(1, 5) as i`)
  await admin.end()
  await primary.stop()
  await writeFile(join(primary.dataDirectory, 'standby.signal'), '')
  replica = await startPostgres({ stateDirectory: folder, unsafe: true })
  pool = openPool(replica)
  expect((await pool.query('select pg_is_in_recovery() as replica')).rows).toEqual([{ replica: true }])
})

afterAll(async () => {
  await described?.database.drop()
  await pool?.end()
  await replica?.stop()
  if (replica !== undefined) await rm(replica.dataDirectory, { recursive: true, force: true })
  await rm(folder, { recursive: true, force: true })
})

function openService() {
  const slotPool = described.database.pool
  return openPostgresqlService({
    ...{ pool, slotPool, role: null, geometry: 'auto' as const, functions: STANDARD_FUNCTIONS },
    liveTables: watchLiveMetadata({ pool: slotPool, role: null, names: LOWER_CASE }),
    logger: { error: () => {} },
  })
}

test('a replica answers queries of data, and the database of TAP_SCHEMA those of TAP_SCHEMA', async () => {
  const service = openService()
  expect(cellsOf(await readAll(await service.start(request('SELECT ra FROM survey.object'))))).toHaveLength(5)
  const tables = "SELECT table_name FROM TAP_SCHEMA.tables WHERE schema_name = 'survey'"
  expect(cellsOf(await readAll(await service.start(request(tables))))).toHaveLength(1)
})

test('uploads to a replica are refused with what users can understand, and the next query is answered', async () => {
  const service = openService()
  const bytes = (async function* () {
    yield Buffer.from('id\n2\n')
  })()
  const limits = { rows: 10, bytes: 1024, columns: 10 }
  const table = await readTable(bytes, { name: 'mine', contentType: 'text/csv', limits })
  const asked = request('SELECT id FROM TAP_UPLOAD.mine', { uploads: [{ name: 'mine', table }] })
  await expect(service.start(asked)).rejects.toThrow('This service cannot take uploads')
  expect(cellsOf(await readAll(await service.start(request('SELECT ra FROM survey.object'))))).toHaveLength(5)
})
