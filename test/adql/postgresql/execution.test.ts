import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AdqlError } from '../../../shared/adql/error.ts'
import { parseQuery } from '../../../shared/adql/parse.ts'
import { type GeometryStrategy, toPostgresql } from '../../../shared/adql/postgresql.ts'
import { resolveQuery } from '../../../shared/adql/resolve.ts'
import { readSkyCases, readSkyTables, type SkyCase } from '../../support/adql-sky.ts'
import { differenceOf } from '../../support/compare-sky-answer.ts'
import { extensionDatabase, NEEDS_EXTENSIONS } from '../../support/extension-postgres.ts'
import { DATA, HAS_DATA, NEEDS_DATA } from '../../support/golden.ts'
import { createTestDatabase } from '../../support/postgres.ts'

const SKY = join(DATA, 'adql/execution')
const cases = readSkyCases()
const tables = HAS_DATA ? readSkyTables() : undefined

function translate(adql: string, geometry: GeometryStrategy): string {
  if (tables === undefined) throw new Error('no data')
  return toPostgresql(resolveQuery(parseQuery(adql), tables), { geometry })
}

/** Whether a query has SQL of this strategy. All others are the same for every strategy, and run once, as portable. */
function isOf(geometry: GeometryStrategy, adql: string): boolean {
  if (geometry === 'portable') return true
  try {
    return translate(adql, geometry) !== translate(adql, 'portable')
  } catch {
    return true
  }
}

/** Undefined: as it should be. */
async function faultOf(pool: pg.Pool, item: SkyCase, geometry: GeometryStrategy): Promise<string | undefined> {
  const kinds: string[] = [item.expect.error?.kind ?? []].flat()
  try {
    const sql = translate(item.adql, geometry)
    const { rows } = await pool.query({ text: sql, rowMode: 'array' })
    if (item.expect.error?.mayAccept) return undefined
    return differenceOf(item, rows)
  } catch (error) {
    if (!(error instanceof AdqlError)) return kinds.includes('execution') ? undefined : String(error)
    return kinds.includes(error.fault) ? undefined : String(error)
  }
}

function describeStrategy(geometry: GeometryStrategy, open: () => Promise<Opened | undefined>, needs = ''): void {
  describe.skipIf(!HAS_DATA || needs !== '')(
    `every query on the small sky through ${geometry}${NEEDS_DATA}${needs}`,
    () => {
      let opened: Opened | undefined
      beforeAll(async () => {
        opened = await open()
        await opened?.pool.query(readFileSync(join(SKY, 'sky-insert.sql'), 'utf8'))
        if (geometry !== 'portable') await opened?.pool.query(readFileSync(join(SKY, `sky-${geometry}.sql`), 'utf8'))
      })
      afterAll(async () => opened?.drop())

      test.each(cases.filter(({ adql }) => isOf(geometry, adql)))('$id has its answer: $adql', async (item) => {
        if (opened === undefined) throw new Error('no database')
        expect(await faultOf(opened.pool, item, geometry)).toBeUndefined()
      })
    },
  )
}

interface Opened {
  readonly pool: pg.Pool
  drop(): Promise<void>
}

describeStrategy('portable', () => createTestDatabase({ initialised: false, keep: true, unicode: true }))
describeStrategy('pgsphere', extensionDatabase, NEEDS_EXTENSIONS)
describeStrategy('postgis', extensionDatabase, NEEDS_EXTENSIONS)
