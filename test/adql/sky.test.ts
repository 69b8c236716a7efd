import { describe, expect, test } from 'vitest'
import { suggestionsFrom } from '../../shared/adql/describe-error.ts'
import { AdqlError } from '../../shared/adql/error.ts'
import { parseQuery } from '../../shared/adql/parse.ts'
import { resolveQuery } from '../../shared/adql/resolve.ts'
import type { ResolvedQuery, ResultColumn } from '../../shared/adql/resolved.ts'
import { readSkyCases, readSkyTables, type SkyAnswer, type SkyColumn, type SkyError } from '../support/adql-sky.ts'
import { HAS_DATA, NEEDS_DATA } from '../support/golden.ts'

type Verdict = { readonly query: ResolvedQuery } | { readonly error: AdqlError }

/** How the description of a column differs from the one that is wanted. */
function differences(wanted: SkyColumn, found: ResultColumn): string[] {
  const { type, unit, ucd, name } = found
  const compared = { name, arraysize: type.arraysize, xtype: type.xtype, unit, ucd }
  const others = Object.entries(compared).filter(([key, value]) => {
    const want = wanted[key as keyof typeof compared]
    return want !== undefined && !(key === 'name' && want === null) && (want ?? undefined) !== value
  })
  const datatypes = wanted.datatype === undefined ? [type.datatype] : [wanted.datatype].flat()
  return [
    ...others.map(([key, value]) => `${key}: ${value}`),
    ...(datatypes.includes(type.datatype) ? [] : [`datatype: ${type.datatype}`]),
  ]
}

describe.skipIf(!HAS_DATA)(`queries on the small sky are resolved${NEEDS_DATA}`, () => {
  const cases = readSkyCases()
  const tables = HAS_DATA ? readSkyTables() : undefined

  function verdictOn(adql: string): Verdict {
    if (tables === undefined) throw new Error('no data')
    try {
      return { query: resolveQuery(parseQuery(adql), tables) }
    } catch (error) {
      if (error instanceof AdqlError) return { error }
      throw error
    }
  }

  const answers = cases.filter(({ expect: wanted }) => wanted.error === undefined)
  test.each(answers)('$id describes its columns: $adql', ({ adql, expect: wanted }) => {
    const verdict = verdictOn(adql)
    if ('error' in verdict) throw verdict.error
    const { columns } = wanted as SkyAnswer
    expect(verdict.query.columns).toHaveLength(columns.length)
    expect(columns.flatMap((column, index) => differences(column, verdict.query.columns[index]!))).toEqual([])
  })

  const errors = cases.filter(({ expect: wanted }) => wanted.error && ![wanted.error.kind].flat().includes('execution'))
  test.each(errors)('$id is refused where the fault is: $adql', ({ adql, expect: wanted }) => {
    const { kind, position, mayAccept, suggest = [] } = (wanted as SkyError).error
    const verdict = verdictOn(adql)
    if (mayAccept && 'query' in verdict) return
    expect(verdict).toHaveProperty('error')
    const { error } = verdict as { error: AdqlError }
    expect([kind].flat()).toContain(error.fault)
    if (position !== undefined && error.fault !== 'syntax') expect(error.span.start).toBe(position.offset)
    expect(suggestionsFrom(error, tables)).toEqual(expect.arrayContaining([...suggest]))
  })
})
