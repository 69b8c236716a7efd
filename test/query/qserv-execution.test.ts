import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { prepareFunctions } from '../../local/qserv/run-sql.ts'
import { type LocalQserv, startQserv } from '../../local/qserv/server.ts'
import { AdqlError } from '../../shared/adql/error.ts'
import { STANDARD_FUNCTIONS } from '../../shared/adql/functions/table.ts'
import { parseQuery } from '../../shared/adql/parse.ts'
import { TableSet } from '../../shared/adql/table-set.ts'
import { QservClient } from '../../shared/qserv/client.ts'
import { QueryServiceError, QueryValueError } from '../../shared/query/errors.ts'
import type { LiveTablesSource } from '../../shared/query/live-tables.ts'
import { planForQserv } from '../../shared/query/qserv/plan.ts'
import { openQservService } from '../../shared/query/qserv.ts'
import type { QueryService } from '../../shared/query/service.ts'
import { readSkyCases, readSkyTables, type SkyCase } from '../support/adql-sky.ts'
import { differenceOf } from '../support/compare-sky-answer.ts'
import { someOf } from '../support/effort.ts'
import { DATA, HAS_DATA, NEEDS_DATA } from '../support/golden.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { decodeCell } from './decode-cell.ts'
import { cellsOf, readAll, request } from './query-stage.ts'

type Rows = readonly (readonly unknown[])[]

interface OtherAnswer {
  /** Why Qserv cannot have the answer of PostgreSQL. */
  readonly why: string
  /** What it answers instead. */
  rows(wanted: Rows): Rows
}

const instead = (value: unknown, other: unknown) => (wanted: Rows) =>
  wanted.map((row) => row.map((cell) => (cell === value ? other : cell)))

/** Where Qserv says something else, which is its database's or its API's nature. */
const OTHERWISE: Readonly<Record<string, OtherAnswer>> = {
  'select-3271de47': {
    why: 'its results have the word NULL for a missing text and for the text NULL (spec/qserv.md §1.6)',
    rows: instead('NULL', null),
  },
  'select-79ab6c9d': {
    why: 'columns of MariaDB have no NaN: it was NULL when the table was loaded',
    rows: instead('NaN', null),
  },
  'math-58dbee45': { why: 'LN(0) is NULL in MariaDB, with a warning that nobody sees', rows: () => [[null]] },
  'math-dfff4fde': { why: 'ACOS(1.5) is NULL in MariaDB', rows: () => [[null]] },
}

describe.skipIf(!HAS_DATA)(`queries on the small sky through Qserv${NEEDS_DATA}`, () => {
  let database: TestDatabase
  let qserv: LocalQserv
  let client: QservClient
  let service: QueryService
  const planning = { functions: STANDARD_FUNCTIONS, schemas: [], placements: new Map() }
  const live = {
    identity: 'sky',
    version: 'sky',
    tables: HAS_DATA ? readSkyTables() : new TableSet([]),
    slotTables: new Set<never>(),
    lockSql: '',
  }
  const liveTables: LiveTablesSource = { identitySql: '', latest: async () => live, refresh: async () => live }

  beforeAll(async () => {
    database = await createTestDatabase({ initialised: false, keep: true, unicode: true })
    await database.pool.query(readFileSync(join(DATA, 'adql/execution/sky-insert.sql'), 'utf8'))
    await prepareFunctions(database.pool)
    qserv = await startQserv({ pool: database.pool })
    client = new QservClient({
      ...{ url: qserv.url, sendVersion: true, maxConnections: 4, keepAliveMs: 4_000, connectMs: 5_000 },
    })
    service = openService(true)
  })
  const openService = (nullText: boolean) =>
    openQservService({
      ...{ ...planning, client, liveTables, logger: { error: () => {} }, nullText },
      ...{ maxResultBytes: 1e12, maxQueries: 10, ingestMs: 1000, maintenance: null },
      postgresql: { start: () => Promise.reject(new Error('not for PostgreSQL')) },
    })
  afterEach(() => qserv.assertClean())
  afterAll(async () => {
    client.close()
    await qserv.stop()
    await database.drop()
  })

  async function isTaken({ adql }: SkyCase): Promise<boolean> {
    try {
      return (await planForQserv(parseQuery(adql), liveTables, [], 100_000, planning)) !== null
    } catch (error) {
      if (error instanceof AdqlError || error instanceof QueryServiceError) return false
      throw error
    }
  }

  async function rowsOf(adql: string, { start }: QueryService): Promise<unknown[][]> {
    const running = await start(request(adql, { maxRows: 100_000 }))
    const rows = cellsOf(await readAll(running)).map((row) =>
      row.map((cell, index) => decodeCell(cell, running.fields[index]!)),
    )
    await running.close()
    return rows
  }

  async function faultOf(item: SkyCase): Promise<string | undefined> {
    const kinds: string[] = [item.expect.error?.kind ?? []].flat()
    try {
      const rows = await rowsOf(item.adql, service)
      return item.expect.error?.mayAccept ? undefined : differenceOf(item, rows)
    } catch (error) {
      if (error instanceof QueryValueError && kinds.includes('execution')) return undefined
      return String(error instanceof Error ? (error.cause ?? error) : error)
    }
  }

  test('have the answers of PostgreSQL, as far as Qserv takes them', async () => {
    const taken: SkyCase[] = []
    for (const item of readSkyCases()) if (OTHERWISE[item.id] === undefined && (await isTaken(item))) taken.push(item)
    const faults: string[] = []
    const rest = [...someOf(taken, 3)]
    const work = async () => {
      for (let item = rest.pop(); item !== undefined; item = rest.pop()) {
        const fault = await faultOf(item)
        if (fault !== undefined) faults.push(`${item.id}: ${item.adql}: ${fault}`)
      }
    }
    await Promise.all(Array.from({ length: 8 }, work))
    expect(faults).toEqual([])
    expect(taken.length).toBeGreaterThan(100)
  })

  const others = Object.entries(OTHERWISE).map(([id, answer]) => ({ id, ...answer }))
  test.each(others)('$id has another answer: $why', async ({ id, rows }) => {
    const item = readSkyCases().find((candidate) => candidate.id === id)!
    const wanted = 'rowsUnordered' in item.expect ? (item.expect.rowsUnordered ?? []) : []
    const found = await rowsOf(item.adql, service)
    expect(differenceOf({ ...item, expect: { columns: [], rowsUnordered: rows(wanted) } }, found)).toBeUndefined()
  })

  test('the word NULL is a text where the environment says so, and a missing text then is, too', async () => {
    const item = readSkyCases().find(({ id }) => id === 'select-3271de47')!
    const wanted = 'rowsUnordered' in item.expect ? (item.expect.rowsUnordered ?? []) : []
    const expected = { columns: [], rowsUnordered: instead(null, 'NULL')(wanted) }
    expect(differenceOf({ ...item, expect: expected }, await rowsOf(item.adql, openService(false)))).toBeUndefined()
  })
})
