import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_MAPPING } from '../../shared/obscore/mapping.ts'
import { GOOD, installed } from '../support/obscore.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { randomNumbers } from '../support/random-numbers.ts'
import { sqlOf } from './region-searches.ts'

/** A polygon around a point, a circle, or a cap of a pole; some go across longitude 0. */
function randomRegion(next: () => number): string {
  const [longitude, latitude] = [next() * 360, (next() - 0.5) * 170]
  const size = next() < 0.3 ? 20 * next() + 1 : 3 * next() + 0.1
  // Crossing itself (across longitude 0 and not), and without an area.
  if (next() < 0.02) return 'POLYGON ICRS 80 -5 85 5 85 -5 80 5'
  if (next() < 0.02) return 'POLYGON ICRS 350 -5 355 5 355 -5 350 5'
  if (next() < 0.02) return 'POLYGON ICRS 10 0 11 0 12 0'
  if (next() < 0.25) return `CIRCLE ICRS ${longitude} ${latitude} ${size}`
  if (next() < 0.1) return `POLYGON ICRS 10 ${85 - size} 100 80 190 ${85 - size} 300 82`
  const scale = Math.min(40, size / Math.max(0.05, Math.cos((latitude * Math.PI) / 180)))
  const corners = [
    [-1, -1],
    [1, -1],
    [1.2, 1],
    [-0.8, 1],
  ].map(([x = 0, y = 0]) => {
    const dec = Math.max(-89.5, Math.min(89.5, latitude + y * size))
    return `${(longitude + x * scale + 720) % 360} ${dec}`
  })
  return `POLYGON ICRS ${corners.join(' ')}`
}

const CONDITIONS = [
  ...['CIRCLE(359.5, 10, 2)', 'CIRCLE(0, 90, 8)', 'CIRCLE(200, 0, 100)', 'POINT(0.1, 20)'],
  ...['POLYGON(350, -10, 10, -10, 10, 10, 350, 10)', 'POLYGON(100, 60, 140, 60, 140, 80, 100, 80)', 'POINT(77, 88)'],
].flatMap((shape) => [
  `1 = INTERSECTS(s_region, ${shape})`,
  `1 = CONTAINS(${shape}, s_region)`,
  ...(shape.startsWith('POINT') ? [] : [`1 = CONTAINS(s_region, ${shape})`]),
])

describe('an index on the bounds of regions', () => {
  let database: TestDatabase
  let pool: pg.Pool

  beforeAll(async () => {
    database = await installed(DEFAULT_MAPPING, true)
    pool = database.pool
    const next = randomNumbers(11)
    const documents = Array.from({ length: 500 }, (_, index) => ({
      ...GOOD,
      obs_id: String(index),
      s_region: randomRegion(next),
    }))
    await pool.query(
      `insert into dids (vo, scope, name, data) select 'def', 's', i, d from jsonb_array_elements($1) with ordinality as a(d, i)`,
      [JSON.stringify(documents)],
    )
    await pool.query(`create schema sky; create table sky.stars as
      select (i * 137.5)::float8 - floor(i * 137.5 / 360) * 360 as ra, ((i * 7919) % 17000) / 100.0::float8 - 85 as dec
        from generate_series(1, 4) i; analyze ivoa.obscore`)
  })
  afterAll(() => database.drop())

  test('is used, and finds what the exact tests find without it', async () => {
    const rejects = await pool.query('select * from ivoa.obscore_reject')
    expect(rejects.rows).toEqual([])
    for (const condition of CONDITIONS) {
      const adql = `SELECT obs_id FROM ivoa.ObsCore WHERE ${condition}`
      const [fast, slow] = [await idsOf(sqlOf(adql, true)), await idsOf(sqlOf(adql, false))]
      expect([condition, fast]).toEqual([condition, slow])
    }
    const plan = await pool.query(`explain ${sqlOf(`SELECT COUNT(*) FROM ivoa.ObsCore WHERE ${CONDITIONS[0]}`, true)}`)
    expect(JSON.stringify(plan.rows)).toContain('s_region_geo')
    expect(JSON.stringify(plan.rows)).toContain('Bitmap Index Scan')
  })

  test('answers joins with positions', async () => {
    const adql = `SELECT o.obs_id FROM sky.stars AS t JOIN ivoa.ObsCore AS o ON 1 = CONTAINS(POINT(t.ra, t.dec), o.s_region)`
    const found = await idsOf(sqlOf(adql, true))
    expect(found).toEqual(await idsOf(sqlOf(adql, false)))
    expect(found.length).toBeGreaterThan(0)
    const plan = await pool.query(`explain ${sqlOf(adql, true)}`)
    expect(JSON.stringify(plan.rows)).toContain('Bitmap Index Scan')
  })

  async function idsOf(sql: string): Promise<readonly string[]> {
    const { rows } = await pool.query<{ c1: string }>(sql)
    return rows.map(({ c1 }) => c1).sort()
  }
})
