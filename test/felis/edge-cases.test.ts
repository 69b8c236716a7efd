import { describe, expect, it } from 'vitest'
import type { Check, FelisContext } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import type { Problem } from '../../shared/felis/problem.ts'
import { buildRows } from '../../shared/tap-schema/build-rows.ts'
import { PLAIN } from '../../shared/tap-schema/options.ts'
import type { TapRow } from '../../shared/tap-schema/rows.ts'
import { columnsOf, type TapTableName, tapTable } from '../../shared/tap-schema/tables.ts'
import { HAS_DATA, NEEDS_DATA, readGolden } from '../support/golden.ts'

type Row = Readonly<Record<string, string | number | null>>

interface FelisError {
  readonly loc: readonly (string | number)[]
  readonly msg: string
}

interface EdgeCase {
  readonly yaml: string
  readonly context: {
    readonly force_unbounded_arraysize?: boolean
    readonly column_ref_index_increment?: number
    readonly check_description?: boolean
    readonly check_redundant_datatypes?: boolean
    readonly check_tap_table_indexes?: boolean
    readonly check_tap_principal?: boolean
  }
  readonly result:
    | { readonly outcome: 'ok'; readonly records: readonly [TapTableName, Row][]; readonly ids: readonly string[] }
    | { readonly outcome: 'ValidationError'; readonly errors: readonly FelisError[] }
    | { readonly outcome: 'crash' }
}

const CHECKS: readonly [flag: keyof EdgeCase['context'], check: Check][] = [
  ['check_description', 'description'],
  ['check_redundant_datatypes', 'redundant-datatypes'],
  ['check_tap_table_indexes', 'tap-table-indexes'],
  ['check_tap_principal', 'tap-principal'],
]

function contextOf({ context }: EdgeCase): FelisContext {
  return {
    idGeneration: true,
    columnRefIndexIncrement: context.column_ref_index_increment ?? null,
    unboundedArraysize: context.force_unbounded_arraysize ?? false,
    checks: new Set(CHECKS.filter(([flag]) => context[flag]).map(([, check]) => check)),
  }
}

/** Where we place a problem elsewhere than Felis does, and why. */
const PLACED_ELSEWHERE: readonly { readonly felis: RegExp; readonly ours: string }[] = [
  // Felis answers for each alternative of a union; we answer once.
  { felis: /^version\.(?:SchemaVersion|constrained-str)$/, ours: 'version' },
]

const { _files: fileTexts, ...cases } = HAS_DATA
  ? readGolden<Record<string, EdgeCase>>('felis/edge-cases.json')
  : ({} as Record<string, EdgeCase>)
const files = Object.entries((fileTexts ?? {}) as unknown as Record<string, string>)

function load(edgeCase: EdgeCase) {
  const release = new Map([...files, ['case.yaml', edgeCase.yaml]])
  return new FelisLoader(release, contextOf(edgeCase)).load('case.yaml')
}

function pathsOf(problems: readonly Problem[]): string[] {
  const ours = problems.filter(({ file, severity }) => file === 'case.yaml' && severity === 'error')
  return [...new Set(ours.map(({ path }) => path))].sort()
}

function felisPaths(errors: readonly FelisError[]): string[] {
  const paths = errors.map(({ loc }) => {
    const path = loc.join('.')
    return PLACED_ELSEWHERE.find(({ felis }) => felis.test(path))?.ours ?? path
  })
  return [...new Set(paths)].sort()
}

/** Rules that are not there yet: their inputs are still accepted. */
const NOT_YET = /Invalid unit/

function isCovered({ result }: EdgeCase): boolean {
  return result.outcome !== 'ValidationError' || !result.errors.some(({ msg }) => NOT_YET.test(msg))
}

const byOutcome = (outcome: EdgeCase['result']['outcome']) =>
  Object.entries(cases).filter(([, edgeCase]) => edgeCase.result.outcome === outcome && isCovered(edgeCase))

describe.skipIf(!HAS_DATA)(`small inputs${NEEDS_DATA}`, () => {
  it.each(byOutcome('ok'))('that Felis loads give its rows and ids: %s', (_, edgeCase) => {
    if (edgeCase.result.outcome !== 'ok') return
    const loaded = load(edgeCase)
    expect(loaded.problems.filter(({ severity }) => severity === 'error')).toEqual([])
    expect(idsOf(loaded.schema!)).toEqual(edgeCase.result.ids.toSorted())
    const { rows } = buildRows([loaded], { ...PLAIN, firstSchemaIndex: 1 })
    const own = buildRows([], PLAIN).rows
    const tables = Object.keys(rows) as TapTableName[]
    const records = tables.flatMap((table) =>
      rows[table].slice(own[table].length).map((row) => [table, named(table, row)]),
    )
    const expected = tables.flatMap((table) =>
      edgeCase.result.outcome === 'ok' ? edgeCase.result.records.filter(([name]) => name === table) : [],
    )
    expect(records).toEqual(expected)
  })

  it.each(byOutcome('ValidationError'))('that Felis refuses are refused in the same places: %s', (_, edgeCase) => {
    if (edgeCase.result.outcome !== 'ValidationError') return
    const loaded = load(edgeCase)
    expect(loaded.schema).toBeNull()
    expect(pathsOf(loaded.problems)).toEqual(felisPaths(edgeCase.result.errors))
  })

  it.each(byOutcome('crash'))('that stop Felis with a traceback are ordinary problems: %s', (_, edgeCase) => {
    const loaded = load(edgeCase)
    expect(loaded.schema).toBeNull()
    expect(loaded.problems.filter(({ severity }) => severity === 'error')).not.toEqual([])
  })
})

function idsOf(schema: NonNullable<ReturnType<typeof load>['schema']>): string[] {
  const parts = schema.tables.flatMap((table) => [table, ...table.columns, ...table.constraints])
  return [schema, ...parts].map(({ id }) => id).sort()
}

function named(table: TapTableName, row: TapRow): Row {
  return Object.fromEntries(columnsOf(tapTable(table), PLAIN).map((column, index) => [column.name, row[index] ?? null]))
}
