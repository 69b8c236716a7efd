import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AdqlError } from '../../shared/adql/error.ts'
import { STANDARD_FUNCTIONS } from '../../shared/adql/functions/table.ts'
import { QueryServiceError, QueryValueError } from '../../shared/query/errors.ts'
import type { LiveTablesSource } from '../../shared/query/live-tables.ts'
import { openPostgresqlService } from '../../shared/query/postgresql.ts'
import type { QueryService } from '../../shared/query/service.ts'
import { readSkyCases, readSkyTables, type SkyCase } from '../support/adql-sky.ts'
import { differenceOf } from '../support/compare-sky-answer.ts'
import { DATA, HAS_DATA, NEEDS_DATA } from '../support/golden.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { decodeCell } from './decode-cell.ts'
import { cellsOf, readAll, request } from './query-stage.ts'

describe.skipIf(!HAS_DATA)(`every query on the small sky through the query service${NEEDS_DATA}`, () => {
  let database: TestDatabase
  let service: QueryService
  beforeAll(async () => {
    database = await createTestDatabase({ initialised: false, keep: true, unicode: true })
    await database.pool.query(readFileSync(join(DATA, 'adql/execution/sky-insert.sql'), 'utf8'))
    const live = {
      identity: 'sky',
      version: 'sky',
      tables: readSkyTables(),
      slotTables: new Set<never>(),
      lockSql: '',
    }
    const liveTables: LiveTablesSource = {
      identitySql: "select 'sky'",
      latest: async () => live,
      refresh: async () => live,
    }
    const logger = { error: () => {} }
    service = openPostgresqlService({
      pool: database.pool,
      role: null,
      geometry: 'auto',
      functions: STANDARD_FUNCTIONS,
      liveTables,
      logger,
    })
  })
  afterAll(() => database.drop())

  async function faultOf(item: SkyCase): Promise<string | undefined> {
    const kinds: string[] = [item.expect.error?.kind ?? []].flat()
    try {
      const running = await service.start(request(item.adql, { maxRows: 100_000 }))
      const rows = cellsOf(await readAll(running)).map((row) =>
        row.map((cell, index) => decodeCell(cell, running.fields[index]!)),
      )
      if (item.expect.error?.mayAccept) return undefined
      return differenceOf(item, rows)
    } catch (error) {
      if (error instanceof QueryValueError) return kinds.includes('execution') ? undefined : String(error)
      if (error instanceof QueryServiceError) return String(error.cause)
      if (!(error instanceof AdqlError)) throw error
      return kinds.includes(error.fault) ? undefined : String(error)
    }
  }

  test('has its answer, decoded from COPY by the fields', async () => {
    const faults: string[] = []
    for (const item of readSkyCases()) {
      const fault = await faultOf(item)
      if (fault !== undefined) faults.push(`${item.id}: ${fault}`)
    }
    expect(faults).toEqual([])
  })
})
