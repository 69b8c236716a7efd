import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from } from 'pg-copy-streams'
import { describe, expect, test } from 'vitest'
import { checkObscore } from '../../shared/obscore/check.ts'
import { installObscore } from '../../shared/obscore/install.ts'
import { DEFAULT_MAPPING } from '../../shared/obscore/mapping.ts'
import { rebuildObscore } from '../../shared/obscore/rebuild.ts'
import { readObscoreStatus } from '../../shared/obscore/status.ts'
import {
  CREATE_DIDS,
  GOOD,
  insertDid,
  mappingOf,
  openSession,
  outcomeOf,
  prepareInstalled,
  tablesOf,
} from '../support/obscore.ts'
import { createTestDatabase } from '../support/postgres.ts'

const installed = prepareInstalled()

describe('a trigger', () => {
  test('writes nothing for an update that changes no published value', async () => {
    const { pool } = await installed()
    await insertDid(pool, 'a', { ...GOOD, other: 1 })
    const versions = () => pool.query('select ctid, xmin from ivoa.obscore').then(({ rows }) => rows)
    const before = await versions()
    await pool.query('update dids set data = data')
    await pool.query(`update dids set data = data || '{"other": 2}'`)
    expect(await versions()).toEqual(before)
    // Equal in jsonb, and printed otherwise.
    await pool.query(`update dids set data = data || '{"target_name": 1}'`)
    await pool.query(`update dids set data = data || '{"target_name": 1.0}'`)
    expect((await outcomeOf(pool, 's', 'a')).row).toMatchObject({ target_name: '1.0' })
  })

  test('keeps the time of reasons that stay the same', async () => {
    const { pool } = await installed()
    const at = () => pool.query('select at from ivoa.obscore_reject').then(({ rows }) => rows)
    await insertDid(pool, 'a', { ...GOOD, s_fov: 'wide' })
    const before = await at()
    await pool.query(`update dids set data = data || '{"target_name": "x"}'`)
    await rebuildObscore(pool, DEFAULT_MAPPING)
    expect(await at()).toEqual(before)
    await pool.query(`update dids set data = data || '{"s_ra": "x"}'`)
    expect(await at()).not.toEqual(before)
  })

  test('does the same whatever the settings of the session are', async () => {
    const database = await installed()
    const client = await openSession(database)
    await client.query(`create schema evil; create function evil.btrim(text, text) returns text language sql as $$select 'evil'$$;
      set search_path = evil, pg_catalog; set standard_conforming_strings = off; set extra_float_digits = -5;
      set datestyle = 'SQL, DMY'; set timezone = 'Asia/Tokyo'; set array_nulls = off; set quote_all_identifiers = on`)
    const region = '10.123456789012345 20 11 20 11 21'
    await insertDid(client, 'fast', {
      ...GOOD,
      s_region: `POLYGON ICRS ${region}`,
      obs_release_date: '2026-03-01T12:00:00Z',
    })
    await insertDid(client, 'careful', {
      ...GOOD,
      s_region: `POLYGON J2000 ${region}`,
      target_name: ' x ',
      s_fov: '1e-1',
    })
    const s_region = { polygon: region.split(' ').map(Number) }
    expect((await outcomeOf(database.pool, 's', 'fast')).row).toMatchObject({
      s_region,
      obs_release_date: '2026-03-01T12:00:00',
    })
    expect((await outcomeOf(database.pool, 's', 'careful')).row).toMatchObject({
      s_region,
      target_name: 'x',
      s_fov: 0.1,
    })
    expect(await checkObscore(database.pool, DEFAULT_MAPPING)).toMatchObject({ differences: 0, records: 2 })
  })

  test('follows statements of many rows, COPY, TRUNCATE, and changes that replication brings', async () => {
    const database = await installed()
    const client = await openSession(database)
    await client.query('set session_replication_role = replica')
    await insertDid(client, 'a', GOOD)
    await client.query(
      `insert into dids (vo, scope, name, data) select 'def', 't', i, $1 from generate_series(1, 500) i`,
      [JSON.stringify(GOOD)],
    )
    expect(await tablesOf(database)).toMatchObject({ records: { length: 501 }, rejects: null })
    const lines = [GOOD, { ...GOOD, s_fov: 'wide' }, null, [1], { ...GOOD, obs_id: ' ' }].map(
      (document, index) => `def\tcopied\t${index}\t${JSON.stringify(document)}\n`,
    )
    await pipeline(
      Readable.from([...lines, 'def\tcopied\tnone\t\\N\n']),
      client.query(from('copy dids (vo, scope, name, data) from stdin')),
    )
    expect(await tablesOf(database)).toMatchObject({ records: { length: 503 }, rejects: { length: 5 } })
    expect(await checkObscore(database.pool, DEFAULT_MAPPING)).toMatchObject({ differences: 0 })
    await client.query('truncate dids')
    expect(await tablesOf(database)).toEqual({ records: null, rejects: null })
  })

  test('takes texts of a megabyte in every column', async () => {
    const { pool } = await installed()
    const long = randomBytes(750_000).toString('base64')
    const ids = { obs_id: long, obs_collection: long, obs_publisher_did: long }
    await insertDid(pool, 'a', { ...GOOD, ...ids, target_name: long, s_region: long, t_min: long })
    const { row, reasons } = await outcomeOf(pool, 's', 'a')
    expect(row?.target_name === long && row?.obs_id === long).toBe(true)
    expect(reasons).toEqual([
      { column: 's_region', code: 'not_a_region' },
      { column: 't_min', code: 'not_a_number' },
    ])
    const { rows } = await pool.query('select count(*)::int as count from ivoa.obscore where obs_id = $1', [long])
    expect(rows).toEqual([{ count: 1 }])
  })

  test('that fails in itself leaves the write as it is, and says so', async () => {
    const { pool } = await installed()
    await insertDid(pool, 'a', GOOD)
    const { rows } = await pool.query("select nspname from pg_namespace where nspname like 'almagest_obscore_%'")
    await pool.query(`drop function ${rows[0].nspname}.region`)
    await pool.query(`update dids set data = data || '{"s_region": "CIRCLE 1 2 3"}'`)
    expect(await outcomeOf(pool, 's', 'a')).toEqual({ row: null, reasons: [{ column: null, code: 'failed' }] })
  })
})

describe('a table that somebody dropped', () => {
  test.each(['obscore', 'obscore_reject'])('(%s) fails no write, and init and rebuild make it again', async (name) => {
    const { pool } = await installed()
    await insertDid(pool, 'a', GOOD)
    await insertDid(pool, 'b', { ...GOOD, s_fov: 'wide' })
    await pool.query(`drop table ivoa.${name}`)
    await insertDid(pool, 'c', { ...GOOD, s_fov: 'wide' })
    await insertDid(pool, 'd', GOOD)
    await pool.query("update dids set name = 'e' where name = 'a'")
    await pool.query(`update dids set data = data - 'obs_id' where name = 'd'`)
    await pool.query("delete from dids where name = 'b'")
    for (const operation of [rebuildObscore, checkObscore, readObscoreStatus]) {
      await expect(operation(pool, DEFAULT_MAPPING)).rejects.toThrow(
        `ivoa.${name} was dropped: run \`almagest obscore init\``,
      )
    }
    expect(await installObscore(pool, DEFAULT_MAPPING)).toMatchObject({ rebuildIsDue: true })
    await pool.query(`update dids set data = data || '{"obs_id": "o"}'`)
    await rebuildObscore(pool, DEFAULT_MAPPING)
    expect(await checkObscore(pool, DEFAULT_MAPPING)).toMatchObject({
      differences: 0,
      isCurrent: true,
      rows: 3,
      rejects: 1,
    })
    await pool.query('drop table ivoa.obscore, ivoa.obscore_reject; truncate dids')
  })
})

describe('Rucio', () => {
  test('has no rights in ivoa, and readers of ivoa none on its table', async () => {
    const database = await createTestDatabase({ initialised: false })
    const [rucio, reader] = [await database.createLogin(), await database.createLogin()]
    await database.pool.query(`${CREATE_DIDS}; grant select, insert, update, delete on dids to ${rucio}`)
    await installObscore(database.pool, DEFAULT_MAPPING, { readers: [reader] })
    await insertDid(database.poolAs(rucio), 'a', GOOD)
    await rebuildObscore(database.pool, DEFAULT_MAPPING)
    const read = database.poolAs(reader)
    expect((await read.query('select obs_id from ivoa.obscore')).rows).toEqual([{ obs_id: 'o' }])
    await expect(read.query('select from dids')).rejects.toThrow('permission denied')
    await expect(read.query('select from ivoa.obscore_reject')).rejects.toThrow('permission denied')
    await expect(database.poolAs(rucio).query('select from ivoa.obscore')).rejects.toThrow('permission denied')
  })

  test('that sits idle in a transaction is in the way of nothing', async () => {
    const database = await createTestDatabase({ initialised: false })
    await database.pool.query(CREATE_DIDS)
    await insertDid(database.pool, 'a', GOOD)
    const idle = await openSession(database)
    await idle.query('begin; select data from dids')
    expect(await installObscore(database.pool, DEFAULT_MAPPING)).toMatchObject({ rebuildIsDue: true })
    await rebuildObscore(database.pool, DEFAULT_MAPPING)
    const strict = mappingOf({ strict: true })
    await installObscore(database.pool, strict)
    await rebuildObscore(database.pool, strict)
    await idle.query('commit')
    expect(await readObscoreStatus(database.pool, strict)).toMatchObject({ rows: 1, trigger: 'on', rebuild: 'none' })
  })

  test('of the external plugin sets, merges and deletes keys', async () => {
    const { pool } = await installed()
    // lib/rucio/core/did_meta_plugins/postgres_meta.py
    const set = (data: unknown) =>
      pool.query(
        `INSERT INTO public.dids (scope, name, vo, data) VALUES ('s', 'a', 'def', $1)
         ON CONFLICT (scope, name) DO UPDATE SET data = public.dids.data || EXCLUDED.data`,
        [JSON.stringify(data)],
      )
    await set({ calib_level: 2, obs_collection: 'c' })
    expect((await outcomeOf(pool, 's', 'a')).reasons.map(({ column }) => column)).toEqual([
      'obs_id',
      'obs_publisher_did',
    ])
    await set({ obs_id: 'o', obs_publisher_did: 'd' })
    expect(await outcomeOf(pool, 's', 'a')).toMatchObject({ row: { obs_id: 'o' }, reasons: [] })
    await pool.query(`UPDATE public.dids SET data = public.dids.data - 'obs_id' WHERE scope = 's' AND name = 'a'`)
    expect(await outcomeOf(pool, 's', 'a')).toEqual({ row: null, reasons: [{ column: 'obs_id', code: 'missing' }] })
  })

  test('writes its own JSON metadata in two updates of one transaction', async () => {
    const { pool } = await createTestDatabase({ initialised: false })
    // lib/rucio/db/sqla/models.py, DidMeta
    await pool.query(`create schema rucio; create table rucio.did_meta (
      scope varchar(25) not null, name varchar(255) not null, meta jsonb, did_type char(1),
      created_at timestamp, updated_at timestamp, primary key (scope, name))`)
    const mapping = mappingOf({ source: { table: 'rucio.did_meta', document: 'meta' } })
    await installObscore(pool, mapping)
    await pool.query(`insert into rucio.did_meta values ('s', 'a', $1, 'F', now(), now())`, [JSON.stringify(GOOD)])
    const changed = JSON.stringify({ ...GOOD, target_name: 'M 31' })
    await pool.query(`begin; update rucio.did_meta set meta = 'null', updated_at = now() where scope = 's' and name = 'a';
      update rucio.did_meta set meta = '${changed}', updated_at = now() where scope = 's' and name = 'a'; commit`)
    expect(await outcomeOf(pool, 's', 'a')).toMatchObject({ row: { target_name: 'M 31' }, reasons: [] })
    await pool.query('delete from rucio.did_meta')
    expect(await outcomeOf(pool, 's', 'a')).toEqual({ row: null, reasons: [] })
  })
})
