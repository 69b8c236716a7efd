import { describe, expect, test } from 'vitest'
import { checkObscore } from '../../shared/obscore/check.ts'
import { installObscore } from '../../shared/obscore/install.ts'
import { DEFAULT_MAPPING } from '../../shared/obscore/mapping.ts'
import { rebuildObscore } from '../../shared/obscore/rebuild.ts'
import { readObscoreStatus } from '../../shared/obscore/status.ts'
import { GOOD, insertDid, installed, mappingOf, openSession, outcomeOf, prepareInstalled } from '../support/obscore.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { pickWith, randomDocument } from './random-documents.ts'

const standard = prepareInstalled()

describe('a mapping', () => {
  test('of columns reads tables and views; a view is followed by rebuilds alone', async () => {
    const { pool } = await createTestDatabase({ initialised: false })
    await pool.query(`create schema caom;
      create table caom.plane (obs_uri text, plane_id text, level integer, meta jsonb, primary key (obs_uri, plane_id));
      create view caom.public_plane as select * from caom.plane where level > 0;
      insert into caom.plane values ('caom:X/1', 'raw', 0, '{}'), ('caom:X/1', 'cal', 2, '{"target": {"name": "M 1"}}')`)
    const columns = {
      calib_level: { path: ['level'] },
      obs_collection: { default: 'X' },
      obs_id: { path: ['obs_uri'] },
      obs_publisher_did: { template: `ivo://x/y?$\{scope}/$\{name|url}` },
      target_name: { path: ['meta', 'target', 'name'] },
    }
    const mapping = mappingOf({ source: { table: 'caom.public_plane', key: ['obs_uri', 'plane_id'], columns } })
    expect(await installObscore(pool, mapping)).toMatchObject({ hasTrigger: false, rebuildIsDue: true })
    expect(await rebuildObscore(pool, mapping)).toMatchObject({ rows: 1, rejects: 0 })
    expect((await outcomeOf(pool, 'caom:X/1', 'cal')).row).toMatchObject({
      ...{ calib_level: 2, obs_id: 'caom:X/1', target_name: 'M 1', obs_publisher_did: 'ivo://x/y?caom:X/1/cal' },
    })
    const table = mappingOf({ source: { table: 'caom.plane', key: ['obs_uri', 'plane_id'], columns } })
    await rebuildObscore(pool, table)
    await pool.query(`update caom.plane set level = 1, plane_id = 'a b' where plane_id = 'raw'`)
    expect((await outcomeOf(pool, 'caom:X/1', 'a b')).row).toMatchObject({
      obs_publisher_did: 'ivo://x/y?caom:X/1/a%20b',
    })
    expect(await checkObscore(pool, table)).toMatchObject({ differences: 0, rows: 2 })
  })

  test('that is strict keeps out what has one bad value', async () => {
    const { pool } = await installed(mappingOf({ strict: true }))
    await insertDid(pool, 'a', { ...GOOD, s_fov: 'wide' })
    expect(await outcomeOf(pool, 's', 'a')).toEqual({ row: null, reasons: [{ column: 's_fov', code: 'not_a_number' }] })
  })

  test('gives the fast way what the careful one finds', async () => {
    const { pool } = await createTestDatabase({ initialised: false })
    await pool.query('create table dids (scope text, name text, data jsonb, unique (scope, name))')
    const columns = {
      ...{
        target_name: { map: { x: 'X' } },
        t_exptime: { from: 'min' },
        em_min: { from: 'Hz' },
        t_min: { from: 'iso8601' },
      },
      ...{ s_ra: { from: 'sexagesimal-hours' }, access_estsize: { from: 'byte' }, o_ucd: { default: ' x ' } },
      ...{ pol_xel: { map: { 12: 3 }, default: 4 }, dataproduct_type: { default: 'Cube' } },
    }
    const others = {
      s_fov: { path: ['s_dec'] },
      obs_title: { template: `$\{@target_name|url} $\{obs_id}`, default: 'none' },
      ...{ t_xel: { path: ['t_xel'], default: 7 }, obs_creator_name: { template: `$\{pol_xel}` } },
      ...{ pol_states: { default: 'q i' }, t_max: { map: { 60001: '2026-03-01' }, from: 'iso8601' } },
    }
    const sections = [
      {},
      { strict: true, regionFormat: 'dali' },
      { sameNames: true, columns },
      { sameNames: true, columns: others },
    ]
    for (const [index, section] of sections.entries()) {
      const mapping = mappingOf(section)
      const { identity } = await installObscore(pool, mapping)
      const s = `almagest_obscore_${identity.slice(0, 12)}`
      const pick = pickWith(77 + index)
      const documents = Array.from({ length: 600 }, () => randomDocument(pick))
      const { rows } = await pool.query(
        `select d as document, fast, careful
           from jsonb_array_elements($1) as d,
                lateral (select to_jsonb(f) as fast,
                                to_jsonb((c).fields) || jsonb_build_object(
                                  's_region_geo', (c).bounds, 'reasons', (c).reasons, 'kept', (c).kept) as careful
                           from ${s}.convert('s', 'n', d) as f, ${s}.careful('s', 'n', d) as c) as outcomes
          where case when (fast ->> 'kept')::boolean then fast <> careful
                     else fast -> 'kept' <> careful -> 'kept' or fast -> 'reasons' <> careful -> 'reasons' end`,
        [JSON.stringify(documents)],
      )
      expect(rows).toEqual([])
    }
  })
})

describe('a rebuild', () => {
  test('waits for a long query, names it when it gives up, and leaves everything as it was', async () => {
    const database = await standard()
    await insertDid(database.pool, 'a', GOOD)
    const reader = await openSession(database)
    await reader.query('begin; select from ivoa.obscore')
    const impatient = rebuildObscore(database.pool, DEFAULT_MAPPING, { deadlineMs: 300 })
    await expect(impatient).rejects.toThrow(/gave up after .*process \d+ of postgres/)
    await insertDid(database.pool, 'b', GOOD)
    await reader.query('commit')
    const status = await readObscoreStatus(database.pool, DEFAULT_MAPPING)
    expect(status).toMatchObject({ rows: 2, trigger: 'on', rebuild: 'none' })
    expect(await rebuildObscore(database.pool, DEFAULT_MAPPING)).toMatchObject({ rows: 2 })
  })

  test('by several sessions at once counts every record', async () => {
    const { pool } = await standard()
    await pool.query(
      `insert into dids (scope, name, vo, data) select 's', 'd-' || i, 'def', $1 from generate_series(1, 100) as i`,
      [JSON.stringify(GOOD)],
    )
    const options = { sessions: 4, batchRows: 3 }
    expect(await rebuildObscore(pool, DEFAULT_MAPPING, options)).toMatchObject({ records: 100, rows: 100 })
  })

  test('for another mapping changes rows and trigger at the same time', async () => {
    const { pool } = await standard()
    await insertDid(pool, 'a', { ...GOOD, s_fov: 'wide' })
    const strict = mappingOf({ strict: true })
    expect(await installObscore(pool, strict)).toMatchObject({ rebuildIsDue: true })
    await insertDid(pool, 'b', { ...GOOD, s_fov: 'wide' })
    expect(await checkObscore(pool, strict)).toMatchObject({ isCurrent: false, differences: 2 })
    const examples = ['s:b', 's:a']
    expect(await readObscoreStatus(pool, strict)).toMatchObject({
      rows: 2,
      rejects: [{ column: 's_fov', code: 'not_a_number', count: 2, withoutRow: 0, examples }],
    })
    await rebuildObscore(pool, strict)
    await insertDid(pool, 'c', { ...GOOD, s_fov: 'wide' })
    expect(await readObscoreStatus(pool, strict)).toMatchObject({ rows: 0, rejects: [{ count: 3, withoutRow: 3 }] })
    const { rows } = await pool.query("select nspname from pg_namespace where nspname like 'almagest_obscore_%'")
    expect(rows).toHaveLength(1)
  })

  test('that was stopped, or a view that reads the table, leaves the live table', async () => {
    const database = await standard()
    await insertDid(database.pool, 'a', GOOD)
    const signal = AbortSignal.abort(new Error('interrupted'))
    await expect(rebuildObscore(database.pool, DEFAULT_MAPPING, { signal })).rejects.toThrow('interrupted')
    await database.pool.query('create view mine as select obs_id from ivoa.obscore')
    await expect(rebuildObscore(database.pool, DEFAULT_MAPPING)).rejects.toThrow('views read ivoa.obscore')
    const status = await readObscoreStatus(database.pool, DEFAULT_MAPPING)
    expect(status).toMatchObject({ rows: 1, trigger: 'on', rebuild: 'none' })
  })

  test('is refused where a table is not ours, or the source is not what the mapping says', async () => {
    const { pool } = await createTestDatabase({ initialised: false })
    await expect(installObscore(pool, DEFAULT_MAPPING)).rejects.toThrow('public.dids is not there')
    await pool.query('create table dids (scope text, name text, data json)')
    await expect(installObscore(pool, DEFAULT_MAPPING)).rejects.toThrow('has json in the column data, not jsonb')
    await pool.query('alter table dids alter data type jsonb')
    await expect(installObscore(pool, DEFAULT_MAPPING)).rejects.toThrow('no unique constraint on (scope, name)')
    await pool.query('alter table dids add unique (scope, name); create schema ivoa; create table ivoa.obscore ()')
    await expect(installObscore(pool, DEFAULT_MAPPING)).rejects.toThrow('ivoa.obscore belongs to postgres')
    await expect(rebuildObscore(pool, DEFAULT_MAPPING)).rejects.toThrow('almagest obscore init')
  })
})
