import { expect, test } from 'vitest'
import { readRelease } from '../../cli/commands/release/read-release.ts'
import { HERON, type Sample, SKY } from '../../local/sample/sample.ts'
import { prepareTables } from '../../local/tables.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { sampleSchema } from '../support/sample-release.ts'

const SAMPLES: readonly Sample[] = [SKY, HERON]

const CONTEXT = { idGeneration: true, columnRefIndexIncrement: 10, unboundedArraysize: true } as const

test.for(SAMPLES)('$version passes every check', async ({ version, folder, schemas }) => {
  const checks = new Set(['description', 'redundant-datatypes', 'tap-table-indexes', 'tap-principal'] as const)
  const { files } = await readRelease(version, folder)
  const loader = new FelisLoader(files, { ...CONTEXT, checks })
  expect(schemas.map((name) => loader.load(`${name}.yaml`).problems)).toEqual(schemas.map(() => []))
})

/** ObsCore 1.1, Table 1: the mandatory columns in their order. */
const OBSCORE = `dataproduct_type calib_level obs_collection obs_id obs_publisher_did access_url access_format
  access_estsize target_name s_ra s_dec s_fov s_region s_resolution s_xel1 s_xel2 t_min t_max t_exptime t_resolution
  t_xel em_min em_max em_res_power em_xel o_ucd pol_states pol_xel facility_name instrument_name`.split(/\s+/)

test.for<[string, Sample]>([
  ['ivoa.yaml', SKY],
  ['heron_obscore.yaml', HERON],
])('the ObsCore table of %s begins with the mandatory columns of ObsCore 1.1', async ([file, { version, folder }]) => {
  const { files } = await readRelease(version, folder)
  const { schema } = new FelisLoader(files, { ...CONTEXT, checks: new Set() }).load(file)
  expect(schema?.name).toBe('ivoa')
  expect(schema?.tables[0]?.columns.slice(0, OBSCORE.length).map(({ name }) => name)).toEqual(OBSCORE)
})

const sky = async () => (await readRelease(SKY.version, SKY.folder)).files

/** Roles belong to the whole cluster, so this one stays for other tests. */
const READERS = ['tap_reader', 'operator']
  .map((role) => `do $$ begin create role ${role} login; exception when duplicate_object then null; end $$`)
  .join(';')

test('the rows of the sky fit its tables, are loaded once, and can be read by the service', async () => {
  const { pool, url, poolAs } = await createTestDatabase()
  await pool.query(READERS)
  const all = { tables: 3, loadedRows: 15_537 + 13_371 + 63 + 5, complaint: null }
  expect(await prepareTables(url, SKY, await sky())).toEqual(all)
  expect(await prepareTables(url, SKY, await sky())).toEqual({ ...all, loadedRows: 0 })
  const { rows } = await poolAs('tap_reader').query(
    `select s.name, d.messier from sky.stars s join sky.deep_sky d on abs(s.ra - d.ra) + abs(s.dec - d.dec) < 0.1
      where s.name is not null and d.messier is not null order by 1`,
  )
  expect(rows).toContainEqual({ name: 'Alcyone', messier: 'M45' })
  const observations = await pool.query('select distinct obs_collection from ivoa.obscore order by 1')
  expect(observations.rows).toHaveLength(4)
})

test('tables are made anew as long as they are empty, and kept as soon as one has a row', async () => {
  const { pool, url } = await createTestDatabase()
  await pool.query(READERS)
  const release = { version: 'releases/own', schemas: ['survey'] }
  const prepare = (name: string) => {
    const tables = { object: [{ name: 'ra' }, { name }] }
    return prepareTables(url, release, new Map([['survey.yaml', sampleSchema('survey', tables)]]))
  }
  const columns = async () =>
    (await pool.query(`select attname from pg_attribute where attrelid = 'survey.object'::regclass and attnum > 0`))
      .rows
  expect(await prepare('one')).toEqual({ tables: 1, loadedRows: 0, complaint: null })
  await prepare('other')
  expect(await columns()).toEqual([{ attname: 'ra' }, { attname: 'other' }])
  await pool.query('insert into survey.object values (1, 2)')
  await prepare('third')
  expect(await columns()).toEqual([{ attname: 'ra' }, { attname: 'other' }])
})

test('tables that cannot be made are reported, and end nothing', async () => {
  const { url } = await createTestDatabase()
  const files = new Map([['survey.yaml', `${sampleSchema('survey')}  primaryKey: "#object.gone"\n`]])
  const { complaint } = await prepareTables(url, { version: 'releases/own', schemas: ['survey'] }, files)
  expect(complaint).toContain("'#object.gone' is not the id of a column")
})
