import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AdqlError } from '../../../shared/adql/error.ts'
import type { GeometryStrategy } from '../../../shared/adql/postgresql.ts'
import { openSky, type SkyDatabase } from '../../support/adql-database.ts'
import { runs } from '../../support/effort.ts'
import { NEEDS_EXTENSIONS } from '../../support/extension-postgres.ts'
import { HAS_DATA, NEEDS_DATA } from '../../support/golden.ts'
import { randomNumbers } from '../../support/random-numbers.ts'
import { randomQuery } from '../../support/random-queries.ts'

/** Data that a function or a type cannot take; constants are computed when a query is planned. */
const DATA_EXCEPTION = /^22/

describe.each<[GeometryStrategy, count: number, needs: string]>([
  ['portable', runs(100), ''],
  ['pgsphere', runs(30), NEEDS_EXTENSIONS],
  ['postgis', runs(30), NEEDS_EXTENSIONS],
])('through %s', (geometry, count, needs) => {
  describe.skipIf(!HAS_DATA || needs !== '')(`random queries${NEEDS_DATA}${needs}`, () => {
    let sky: SkyDatabase
    beforeAll(async () => {
      sky = await openSky(geometry)
    })
    afterAll(async () => sky?.drop())

    /** PostgreSQL's complaint, or `planned`, or `refused` by us. */
    async function verdictOn(adql: string): Promise<string> {
      try {
        await sky.pool.query(`explain (costs off) ${sky.sqlOf(adql)}`)
        return 'planned'
      } catch (error) {
        if (error instanceof AdqlError) return 'refused'
        const { code = '', message } = error as { code?: string; message: string }
        return DATA_EXCEPTION.test(code) ? 'planned' : `${code} ${message}: ${adql}`
      }
    }

    test('are refused by us or planned by PostgreSQL', async () => {
      const verdicts: string[] = []
      for (let seed = 0; seed < count; seed++) verdicts.push(await verdictOn(randomQuery(randomNumbers(seed))))
      expect(verdicts.filter((verdict) => verdict !== 'planned' && verdict !== 'refused')).toEqual([])
      expect(verdicts.filter((verdict) => verdict === 'planned').length).toBeGreaterThan(count / 2)
    })
  })
})
