import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AdqlError } from '../../shared/adql/error.ts'
import { ColumnList, type ColumnMetadata, type QservPlacement, type TableMetadata } from '../../shared/adql/metadata.ts'
import { parseQuery } from '../../shared/adql/parse.ts'
import { pruningOf } from '../../shared/adql/qserv/pruning.ts'
import { toQserv } from '../../shared/adql/qserv.ts'
import { resolveQuery } from '../../shared/adql/resolve.ts'
import { TableSet } from '../../shared/adql/table-set.ts'
import { type Datatype, valueTypeOf } from '../../shared/adql/value-type.ts'
import { DATA, HAS_DATA, NEEDS_DATA } from '../support/golden.ts'

interface QservCase {
  readonly id: string
  readonly adql: string
  readonly sql?: string
  readonly accept?: readonly string[]
  readonly reject?: { readonly reason: string }
  readonly maxrec?: number
  readonly pruning?: 'area' | 'index' | 'none'
  readonly warn?: string
}

interface QservTable {
  readonly kind: string
  readonly position?: readonly [string, string]
  readonly id?: string
  readonly columns: Readonly<Record<string, string>>
}

interface QservFile {
  readonly tables: Readonly<Record<string, QservTable>>
  readonly cases: readonly QservCase[]
}

/** Refused there for parentheses that change nothing: they are dropped. */
const TAKEN_THOUGH_REFUSED = ['qserv-5466cd30']

const { tables, cases } = HAS_DATA
  ? (JSON.parse(readFileSync(join(DATA, 'adql/qserv/cases.json'), 'utf8')) as QservFile)
  : { tables: {}, cases: [] }

function tableOf(tapName: string, { kind, position, id, columns }: QservTable): TableMetadata {
  const [schema, name] = tapName.split('.').map((text) => ({ text, delimited: false }))
  const list = Object.entries(columns).map(([column, words]): ColumnMetadata => {
    const [type, unit] = words.split(' ')
    const text = type!.endsWith('*')
    return {
      name: { text: column, delimited: false },
      type: valueTypeOf(type!.replace('*', '') as Datatype, text ? '*' : undefined),
      ...(unit === 'deg' || position?.includes(column) ? { unit: 'deg' } : {}),
    }
  })
  const find = (wanted: string) => list.find((column) => column.name.text === wanted)!
  const positions = position === undefined ? [] : [{ longitude: find(position[0]), latitude: find(position[1]) }]
  const [placement] = kind.split(' ')
  const qserv: QservPlacement = {
    kind: placement as QservPlacement['kind'],
    ...(id === undefined ? {} : { id }),
  }
  return { schema: schema!, name: name!, tapName, columns: new ColumnList(list), positions, qserv }
}

const set = new TableSet(Object.entries(tables).map(([name, table]) => tableOf(name, table)))

function translate(adql: string, maxrec?: number): string {
  const options = maxrec === undefined ? {} : { maxRows: BigInt(maxrec) + 1n }
  return toQserv(resolveQuery(parseQuery(adql), set), options)
}

/** One blank between tokens, none inside parentheses. */
function normal(sql: string): string {
  return sql
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\s*([(),])\s*/g, '$1')
    .trim()
}

function errorOf(adql: string): AdqlError {
  try {
    translate(adql)
  } catch (error) {
    if (error instanceof AdqlError) return error
    throw error
  }
  throw new Error(`accepted: ${translate(adql)}`)
}

describe.skipIf(!HAS_DATA)(`what Qserv gets${NEEDS_DATA}`, () => {
  test.each(cases.filter(({ sql }) => sql !== undefined))('$id: $adql', ({ adql, sql, accept = [], maxrec }) => {
    expect([sql!, ...accept].map(normal)).toContain(normal(translate(adql, maxrec)))
  })

  test.each(cases.filter(({ sql, pruning }) => sql !== undefined && pruning !== undefined))(
    '$id is read from few chunks or not: $adql',
    ({ adql, pruning, warn }) => {
      const { pruned, why } = pruningOf(resolveQuery(parseQuery(adql), set))
      if (pruning !== 'none') expect(why).toMatch(pruning === 'area' ? /of an area/ : /^The index of \w+ finds/)
      if (warn === 'full-scan') expect(why).toMatch(/^All chunks of dp1\.\w+ are read/)
      expect(pruned).toBe(pruning !== 'none' || why === 'It reads no table that is partitioned.')
    },
  )

  test('of a table whose partitioning is not known all is read', () => {
    const tables = new TableSet(set.tables.map(({ qserv: _, ...table }) => table))
    const query = resolveQuery(parseQuery('SELECT objectId FROM dp1.Object WHERE objectId = 5'), tables)
    expect(pruningOf(query)).toEqual({
      pruned: false,
      why: 'It is not known how Qserv has partitioned dp1.Object, so all of it is read.',
    })
  })

  const refused = cases.filter(({ id, reject }) => reject !== undefined && !TAKEN_THOUGH_REFUSED.includes(id))
  test.each(refused)('$id is refused: $adql', ({ adql, reject }) => {
    const error = errorOf(adql)
    expect(error).toMatchObject({ fault: 'unsupported', reason: reject!.reason })
    expect(error.span.end).toBeGreaterThan(error.span.start)
  })

  test.each([
    ['offset', 'SELECT objectId FROM dp1.Object ORDER BY objectId OFFSET 5'],
    ['common-table', 'WITH x AS (SELECT objectId FROM dp1.Object) SELECT objectId FROM x'],
    [
      'nested-join',
      'SELECT o.x FROM dp1.Visit v JOIN (dp1.Object o JOIN dp1.ForcedSource f USING (objectId)) ON f.visit = v.visit',
    ],
    [
      'polygon-not-constant',
      'SELECT x FROM dp1.Object WHERE 1 = CONTAINS(POINT(coord_ra, coord_dec), POLYGON(1, 1, x, 2, 3, 0))',
    ],
  ])('%s is refused: %s', (reason, adql) => {
    expect(errorOf(adql)).toMatchObject({ fault: 'unsupported', reason })
  })

  test('no equality with an area test stands at the top for a negated test, a foreign position or a second area', () => {
    const area = 'CONTAINS(POINT(coord_ra, coord_dec), CIRCLE(53, -28, 1))'
    for (const condition of [
      `0 = ${area}`,
      `NOT ${area} = 1`,
      `${area} < 1`,
      `x = ${area}`,
      'CONTAINS(POINT(coord_dec, coord_ra), CIRCLE(53, -28, 1)) = 1',
    ]) {
      const sql = translate(`SELECT objectId FROM dp1.Object WHERE x > 1 AND ${condition}`)
      expect(sql.replace(/NOT \(.*\)/, '')).not.toMatch(/(?<![<>])= ?1|= scisql|\) = /)
    }
    const two = translate(
      `SELECT objectId FROM dp1.Object WHERE ${area} = 1 AND DISTANCE(coord_ra, coord_dec, 53, -28) < 0.1`,
    )
    expect(two.match(/scisql_s2PtIn\w+\([^)]*\) = /g)).toHaveLength(1)
  })
})
