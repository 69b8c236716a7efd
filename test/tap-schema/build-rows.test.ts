import { describe, expect, it } from 'vitest'
import { FelisLoader } from '../../shared/felis/load.ts'
import { buildRows } from '../../shared/tap-schema/build-rows.ts'
import { DEPLOYED, type LoaderOptions, PLAIN } from '../../shared/tap-schema/options.ts'
import { columnsOf, TAP_TABLE_NAMES, tapTable } from '../../shared/tap-schema/tables.ts'
import {
  asMeasured,
  type GoldenTables,
  HAS_DATA,
  NEEDS_DATA,
  readGolden,
  readReleaseFiles,
  sortRows,
} from '../support/golden.ts'

const SINGLE: readonly [profile: string, options: LoaderOptions, names: readonly string[]][] = [
  ['default', PLAIN, ['cdb_latiss', 'dp03_10yr', 'dp1', 'ivoa_obscore', 'ppdb']],
  [
    'deployed',
    DEPLOYED,
    ['dp02_dc2', 'dp03_10yr', 'dp03_1yr', 'dp1', 'dp2', 'ivoa_obscore', 'oga_live_obscore', 'ppdb'],
  ],
]

const SETS: readonly [name: string, schemas: readonly string[]][] = [
  ['tap', ['dp2', 'dp1', 'ivoa_obscore', 'dp02_dc2']],
  ['ssotap', ['dp03_10yr', 'dp03_1yr']],
  ['livetap', ['oga_live_obscore']],
  ['ppdbtap', ['ppdb']],
]

function build(files: ReadonlyMap<string, string>, schemas: readonly string[], options: LoaderOptions) {
  const { columnRefIndexIncrement, unboundedArraysize } = options
  const loader = new FelisLoader(files, {
    idGeneration: true,
    columnRefIndexIncrement,
    unboundedArraysize,
    checks: new Set(),
  })
  const loaded = schemas.map((name) => loader.load(`${name}.yaml`))
  return { loaded, ...buildRows(loaded, options) }
}

describe.skipIf(!HAS_DATA)(`rows of release w.2026.34${NEEDS_DATA}`, async () => {
  const files = HAS_DATA ? asMeasured(await readReleaseFiles('w.2026.34')) : new Map<string, string>()

  function expectGolden(path: string, schemas: readonly string[], options: LoaderOptions): void {
    const golden = readGolden<GoldenTables>(path)
    const { loaded, rows, problems } = build(files, schemas, options)
    expect(
      [...loaded.flatMap((schema) => schema.problems), ...problems].filter(({ severity }) => severity === 'error'),
    ).toEqual([])
    const sorted = sortRows(rows)
    for (const table of TAP_TABLE_NAMES) {
      expect(columnsOf(tapTable(table), options).map(({ name }) => name)).toEqual(golden[table].columns)
      expect(sorted[table]).toEqual(golden[table].rows)
    }
  }

  for (const [profile, options, names] of SINGLE) {
    it(`of no schema are the rows that describe TAP_SCHEMA itself (${profile})`, () => {
      expectGolden(`felis/${profile}/_init.json`, [], options)
    })
    it.each(names)(`of %s are those that Felis loads (${profile})`, (name) => {
      expectGolden(`felis/${profile}/${name}.json`, [name], options)
    })
  }

  it.each(SETS)('of the set %s are those that Repertoire loads', (name, schemas) => {
    expectGolden(`felis/tap-sets/${name}.json`, schemas, DEPLOYED)
  })
})
