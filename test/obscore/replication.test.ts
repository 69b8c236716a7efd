import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LocalPostgres, startPostgres } from '../../local/postgres.ts'
import { checkObscore } from '../../shared/obscore/check.ts'
import { installObscore } from '../../shared/obscore/install.ts'
import { DEFAULT_MAPPING } from '../../shared/obscore/mapping.ts'
import { rebuildObscore } from '../../shared/obscore/rebuild.ts'
import { CREATE_DIDS, GOOD, insertDid, outcomeOf } from '../support/obscore.ts'

const PATIENTLY = { timeout: 60_000, interval: 20 }

describe('a database to which the documents are replicated', () => {
  let server: LocalPostgres
  let rucio: pg.Pool
  let archive: pg.Pool

  beforeAll(async () => {
    server = await startPostgres({ stateDirectory: null, unsafe: true, settings: { wal_level: 'logical' } })
    rucio = await createDatabase(server, 'rucio')
    archive = await createDatabase(server, 'archive')
  })
  afterAll(async () => {
    await archive?.query('drop subscription if exists documents').catch(() => {})
    await Promise.all([rucio?.end(), archive?.end()])
    await server?.stop()
  })

  /** What has been written is there, and both tables are what it comes to. */
  async function expectInStep(rows: number, rejects: number): Promise<void> {
    const wanted = await documentsOf(rucio)
    await expect.poll(() => documentsOf(archive), PATIENTLY).toEqual(wanted)
    expect(await checkObscore(archive, DEFAULT_MAPPING)).toMatchObject({ differences: 0, rows, rejects })
  }

  test('has what was there, and then each change', async () => {
    await insertDid(rucio, 'before', GOOD)
    await insertDid(rucio, 'bad', { ...GOOD, calib_level: 'raw' })
    await rucio.query('create publication documents for table dids')
    // Both databases are of one server, so that the subscription cannot make the slot itself.
    await rucio.query("select pg_create_logical_replication_slot('documents', 'pgoutput')")
    await installObscore(archive, DEFAULT_MAPPING)
    const from = new URL(server.url)
    await archive.query(`create subscription documents
      connection 'host=${from.hostname} port=${from.port} user=postgres dbname=rucio' publication documents with (create_slot = false)`)
    const copied = () => archive.query("select from pg_subscription_rel where srsubstate = 'r'").then((r) => r.rowCount)
    await expect.poll(copied, PATIENTLY).toBe(1)
    await expectInStep(1, 1)

    await insertDid(rucio, 'after', { ...GOOD, s_fov: 'wide' })
    await rucio.query(`update dids set data = data || '{"calib_level": 3}' where name = 'bad'`)
    await rucio.query("update dids set name = 'renamed' where name = 'before'")
    await expectInStep(3, 1)
    expect(await outcomeOf(archive, 's', 'before')).toEqual({ row: null, reasons: [] })
    expect((await outcomeOf(archive, 's', 'bad')).row).toMatchObject({ calib_level: 3 })
    expect((await outcomeOf(archive, 's', 'renamed')).row).toMatchObject({ obs_id: 'o' })

    await rucio.query(
      "insert into dids (vo, scope, name, data) select 'def', 't', i, $1 from generate_series(1, 300) i",
      [JSON.stringify(GOOD)],
    )
    await rucio.query("delete from dids where name in ('after', '7'); update dids set data = null where name = '8'")
    await expectInStep(300, 1)
  })

  test('is in step after a rebuild under way, a trigger that is off, and TRUNCATE', async () => {
    const rebuilding = rebuildObscore(archive, DEFAULT_MAPPING, { batchRows: 10 })
    for (let i = 0; i < 20; i++) await rucio.query(`update dids set data = data || '{"t_xel": ${i}}' where scope = 't'`)
    await rebuilding
    await expectInStep(300, 1)
    // By mistake: a trigger like any other one does not see what is replicated.
    await archive.query('alter table dids enable trigger almagest_obscore')
    await insertDid(rucio, 'unseen', GOOD)
    const arrived = () => archive.query("select from dids where name = 'unseen'").then((r) => r.rowCount)
    await expect.poll(arrived, PATIENTLY).toBe(1)
    expect(await checkObscore(archive, DEFAULT_MAPPING)).toMatchObject({ differences: 1 })
    await installObscore(archive, DEFAULT_MAPPING)
    await rebuildObscore(archive, DEFAULT_MAPPING)
    await expectInStep(301, 1)
    await rucio.query('truncate dids')
    await expectInStep(0, 0)
  })
})

async function documentsOf(pool: pg.Pool): Promise<unknown> {
  const { rows } = await pool.query('select scope, name, data from dids order by scope, name')
  return rows
}

async function createDatabase(server: LocalPostgres, name: string): Promise<pg.Pool> {
  const admin = new pg.Client({ connectionString: server.url })
  await admin.connect()
  await admin.query(`create database ${name}`)
  await admin.end()
  const url = new URL(server.url)
  url.pathname = `/${name}`
  const pool = new pg.Pool({ connectionString: url.href, max: 5 })
  pool.on('error', () => {})
  // Without the identity, PostgreSQL refuses updates and deletes where a table is published, and cannot apply them elsewhere.
  await pool.query(`${CREATE_DIDS}; alter table dids replica identity using index dids_scope_name_key`)
  return pool
}
