import { describe, expect, it } from 'vitest'
import { type Check, DEFAULT_CONTEXT, type FelisContext } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import type { Problem } from '../../shared/problem.ts'
import { buildRows } from '../../shared/tap-schema/build-rows.ts'
import { PLAIN } from '../../shared/tap-schema/options.ts'
import { columnsOf, type TapRow, type TapTableName, tapTable } from '../../shared/tap-schema/tables.ts'
import { HAS_DATA, NEEDS_DATA, readGolden, readReleaseFiles } from '../support/golden.ts'

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

const { _files: fileTexts, ...cases } = HAS_DATA
  ? readGolden<Record<string, EdgeCase>>('felis/edge-cases.json')
  : ({} as Record<string, EdgeCase>)
const files = Object.entries((fileTexts ?? {}) as unknown as Record<string, string>)

function load(edgeCase: EdgeCase) {
  const release = new Map([...files, ['case.yaml', edgeCase.yaml]])
  return new FelisLoader(release, contextOf(edgeCase)).load('case.yaml')
}

/** The paths of what Felis would have reported, too. */
function pathsOf(problems: readonly Problem[]): string[] {
  const reported = problems.filter(
    ({ file, severity, notReportedByFelis }) => file === 'case.yaml' && severity === 'error' && !notReportedByFelis,
  )
  return [...new Set(reported.map(({ path }) => path))].sort()
}

function felisPaths(errors: readonly FelisError[]): string[] {
  return [...new Set(errors.map(({ loc }) => loc.join('.')))].sort()
}

const byOutcome = (outcome: EdgeCase['result']['outcome']) =>
  Object.entries(cases).filter(([, edgeCase]) => edgeCase.result.outcome === outcome)

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

const FLAGS: Readonly<Record<string, readonly Check[]>> = {
  plain: [],
  'redundant(CI)': ['redundant-datatypes'],
  description: ['description'],
  'table-indexes': ['tap-table-indexes'],
  principal: ['tap-principal'],
  'all(CI-extra)': CHECKS.map(([, check]) => check),
}

interface Verdict {
  readonly ok: boolean
  readonly count?: number
  readonly errors?: readonly FelisError[]
}

describe.skipIf(!HAS_DATA)(`files of release w.2026.34${NEEDS_DATA}`, async () => {
  const release = HAS_DATA ? await readReleaseFiles('w.2026.34') : new Map<string, string>()
  const matrix = HAS_DATA ? readGolden<Record<string, Record<string, Verdict>>>('felis/validate-matrix.json') : {}
  const runs = Object.entries(matrix).flatMap(([file, verdicts]) =>
    release.has(file) ? Object.entries(verdicts).map(([flags, verdict]) => ({ file, flags, verdict })) : [],
  )

  it.each(runs)('$file with $flags is judged as Felis does, in the same places', ({ file, flags, verdict }) => {
    const context = { ...DEFAULT_CONTEXT, checks: new Set(FLAGS[flags]) }
    const { schema, problems } = new FelisLoader(release, context).load(file)
    expect(schema !== null).toBe(verdict.ok)
    const reported = problems.filter(
      (problem) => problem.file === file && problem.severity === 'error' && !problem.notReportedByFelis,
    )
    expect(reported.map(({ path }) => path).sort()).toEqual(
      (verdict.errors ?? []).map(({ loc }) => loc.join('.')).sort(),
    )
    expect(reported).toHaveLength(verdict.count ?? 0)
  })
})
