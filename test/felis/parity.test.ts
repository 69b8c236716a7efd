import { describe, expect, it } from 'vitest'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader, type LoadedSchema } from '../../shared/felis/load.ts'
import { buildRows } from '../../shared/tap-schema/build-rows.ts'
import { PLAIN } from '../../shared/tap-schema/options.ts'
import { columnsOf, tapTable } from '../../shared/tap-schema/tables.ts'
import { DELIBERATE } from './parity/different.ts'
import { BASE, type ParityCase } from './parity/inputs.ts'
import { PARITY } from './parity/same.ts'

function load({ yaml, checks = [], idGeneration = true }: Omit<ParityCase, 'name' | 'felis'>): LoadedSchema {
  const files = new Map([
    ['case.yaml', yaml],
    ['base.yaml', BASE],
  ])
  return new FelisLoader(files, { ...DEFAULT_CONTEXT, checks: new Set(checks), idGeneration }).load('case.yaml')
}

/** Where the errors are: those that Felis reports, too, and the others. */
function pathsOf({ problems }: LoadedSchema): { readonly reported: string[]; readonly beyond: string[] } {
  const errors = problems.filter(({ file, severity }) => file === 'case.yaml' && severity === 'error')
  const paths = (isBeyond: boolean): string[] => [
    ...new Set(
      errors.filter(({ notReportedByFelis = false }) => notReportedByFelis === isBeyond).map(({ path }) => path),
    ),
  ]
  return { reported: paths(false), beyond: paths(true) }
}

describe('Felis and we say the same of', () => {
  it.each(PARITY.filter(({ felis }) => felis?.length === 0))('$name: nothing is wrong', (input) => {
    const loaded = load(input)
    expect(pathsOf(loaded)).toEqual({ reported: [], beyond: [] })
    expect(loaded.schema).not.toBeNull()
  })

  it.each(PARITY.filter(({ felis }) => felis !== null && felis.length > 0))('$name: where it is wrong', (input) => {
    const loaded = load(input)
    const { reported, beyond } = pathsOf(loaded)
    expect(reported.sort()).toEqual([...(input.felis ?? [])].sort())
    for (const path of input.beyond ?? []) expect(beyond).toContain(path)
    expect(loaded.schema).toBeNull()
  })

  it.each(PARITY.filter(({ felis }) => felis === null))('$name: an ordinary problem, no traceback', (input) => {
    const loaded = load(input)
    expect(pathsOf(loaded).reported).not.toEqual([])
    expect(loaded.schema).toBeNull()
  })
})

describe('we differ on purpose in', () => {
  it.each(DELIBERATE)('$name: $why', (input) => {
    const loaded = load(input)
    expect(pathsOf(loaded).reported).toEqual(input.ours)
    expect(loaded.schema === null).toBe(input.ours.length > 0)
  })
})

describe('arraysize and size in TAP_SCHEMA are those of Felis for', () => {
  it.each([
    ['votable:arraysize: 0', '0', 0],
    ['votable_arraysize: 0', null, null],
    ['votable_arraysize: false', null, null],
    ['votable:arraysize: false', 'False', null],
    ['votable_arraysize: true', '1', 1],
    ['votable:arraysize: true', 'True', null],
    ['votable_arraysize: 2.0', '2', 2],
    ['votable_arraysize: -3', '-3', null],
    ['votable:arraysize: "007*"', '007*', 7],
    ['votable:arraysize: " 5 "', '5', 5],
    ['votable:arraysize: ""', null, null],
    ['votable:arraysize: 5 *', '5 *', null],
    ['votable:arraysize: 1_0', '10', 10],
    ['votable_arraysize: 99999999999999999999', '99999999999999999999', 1e20],
  ])('%s', (field, arraysize, size) => {
    const loaded = load({ yaml: `name: s\ntables: [{name: t, columns: [{name: c, datatype: int, ${field}}]}]\n` })
    const { rows } = buildRows([loaded], PLAIN)
    const names = columnsOf(tapTable('columns'), PLAIN).map(({ name }) => name)
    const row = rows.columns.at(-1) ?? []
    expect([row[names.indexOf('arraysize')], row[names.indexOf('size')]]).toEqual([arraysize, size])
  })
})
