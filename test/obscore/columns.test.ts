import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SKY } from '../../local/sample/sample.ts'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import { OBSCORE_COLUMNS } from '../../shared/obscore/columns.ts'
import { DEFAULT_MAPPING, identityOf } from '../../shared/obscore/mapping.ts'
import { complaintsOf, environmentOf } from '../environment/parse-text.ts'

test('the columns are those of the Felis file, with their types and units', () => {
  const files = new Map([['ivoa.yaml', readFileSync(join(SKY.folder, 'ivoa.yaml'), 'utf8')]])
  const { schema } = new FelisLoader(files, DEFAULT_CONTEXT).load('ivoa.yaml')
  const types = { string: 'text', int: 'integer', long: 'bigint', double: 'double precision', timestamp: 'timestamp' }
  const described = schema?.tables[0]?.columns.map((column) => ({
    name: column.name,
    sqlType: types[column.datatype as keyof typeof types],
    mandatory: column.nullable === false,
  }))
  expect(OBSCORE_COLUMNS.map(({ name, sqlType, mandatory }) => ({ name, sqlType, mandatory }))).toEqual(described)
  expect(OBSCORE_COLUMNS.filter(({ inEveryTable }) => inEveryTable)).toHaveLength(30)
})

describe('the section obscore of an environment', () => {
  test('is checked against the columns', () => {
    const yaml = `obscore:
  columns:
    no_column: { default: 1 }
    t_min: { path: [a], from: Hz }
    obs_id: { template: "\${@preview}" }
    s_ra: { default: north }
    s_dec: {}
    calib_level: { path: [l], map: { raw: none } }
`
    expect(complaintsOf(yaml)).toEqual([
      '3:5 unknown_key obscore.columns.no_column',
      '4:5 conflict obscore.columns.t_min.from',
      '5:5 invalid_value obscore.columns.obs_id.template',
      '6:5 invalid_value obscore.columns.s_ra.default',
      '7:5 missing_key obscore.columns.s_dec',
      '8:5 invalid_value obscore.columns.calib_level.map',
    ])
    const unknown = `obscore:\n  columns:\n    obs_title: { template: "$\{name|html}" }\n`
    expect(complaintsOf(unknown)).toEqual(['3:28 invalid_value obscore.columns.obs_title.template'])
  })

  test('that is empty is the mapping of the SKA, and the same mapping has one identity', () => {
    expect(environmentOf('obscore: {}').obscore).toEqual(DEFAULT_MAPPING)
    const one = environmentOf(
      'obscore: { columns: { obs_id: { map: { a: 1, b: 2 }, path: [x] }, s_ra: { path: [y] } } }',
    )
    const other = environmentOf(
      'obscore: { columns: { s_ra: { path: [y] }, obs_id: { path: [x], map: { b: 2, a: 1 } } } }',
    )
    expect(one.obscore && other.obscore && identityOf(one.obscore) === identityOf(other.obscore)).toBe(true)
    expect(one.obscore && identityOf(one.obscore)).not.toBe(identityOf(DEFAULT_MAPPING))
  })
})
