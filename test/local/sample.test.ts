import { expect, test } from 'vitest'
import { readRelease } from '../../cli/commands/release/read-release.ts'
import { SAMPLE } from '../../local/sample/sample.ts'
import { FelisLoader } from '../../shared/felis/load.ts'

const { files } = await readRelease(SAMPLE.version, SAMPLE.folder)

test('the sample passes every check', () => {
  const context = {
    idGeneration: true,
    columnRefIndexIncrement: 10,
    unboundedArraysize: true,
    checks: new Set(['description', 'redundant-datatypes', 'tap-table-indexes', 'tap-principal'] as const),
  }
  const loader = new FelisLoader(files, context)
  const served = Object.values(SAMPLE.schemas).flat()
  expect(served.map((name) => loader.load(`${name}.yaml`).problems)).toEqual(served.map(() => []))
})

/** ObsCore 1.1, Table 1: the mandatory columns in their order. */
const OBSCORE = `dataproduct_type calib_level obs_collection obs_id obs_publisher_did access_url access_format
  access_estsize target_name s_ra s_dec s_fov s_region s_resolution s_xel1 s_xel2 t_min t_max t_exptime t_resolution
  t_xel em_min em_max em_res_power em_xel o_ucd pol_states pol_xel facility_name instrument_name`.split(/\s+/)

test('its ObsCore table has the mandatory columns of ObsCore 1.1', () => {
  const loader = new FelisLoader(files, {
    idGeneration: true,
    columnRefIndexIncrement: null,
    unboundedArraysize: false,
    checks: new Set(),
  })
  const { schema } = loader.load('heron_obscore.yaml')
  expect(schema?.name).toBe('ivoa')
  expect(schema?.tables[0]?.columns.map(({ name }) => name)).toEqual(OBSCORE)
})
