import { describe, expect, test } from 'vitest'
import { checkObscore } from '../../shared/obscore/check.ts'
import { installObscore } from '../../shared/obscore/install.ts'
import { DEFAULT_MAPPING } from '../../shared/obscore/mapping.ts'
import { rebuildObscore } from '../../shared/obscore/rebuild.ts'
import { extensionDatabase, NEEDS_EXTENSIONS } from '../support/extension-postgres.ts'
import { CREATE_DIDS, GOOD, insertDid } from '../support/obscore.ts'
import { sqlOf } from './region-searches.ts'

describe.skipIf(NEEDS_EXTENSIONS !== '')(`an older PostgreSQL with extensions${NEEDS_EXTENSIONS}`, () => {
  test.each(['pg_sphere', 'postgis'])('has the index on positions of %s', async (extension) => {
    const { pool, drop } = await extensionDatabase({ isEmpty: true })
    try {
      await pool.query(`create schema extensions; create extension ${extension} schema extensions; ${CREATE_DIDS}`)
      const { geometry } = await installObscore(pool, DEFAULT_MAPPING)
      expect(geometry).toBe(extension.replace('_', ''))
      await insertDid(pool, 'a', { ...GOOD, s_ra: 350, s_dec: -20, s_region: '{(10d,-20d),(11d,-20d),(11d,-19d)}' })
      await insertDid(pool, 'b', { ...GOOD, s_ra: '360', s_dec: null, s_fov: '1e400' })
      await rebuildObscore(pool, DEFAULT_MAPPING)
      await insertDid(pool, 'c', { ...GOOD, s_ra: 0, s_dec: 90 })
      expect(await checkObscore(pool, DEFAULT_MAPPING)).toMatchObject({ differences: 0, rows: 3 })
      // What pgSphere and PostGIS refuse as polygons of theirs: edges that cross, no area.
      await insertDid(pool, 'crossing', { ...GOOD, s_region: 'POLYGON ICRS 80 -5 85 5 85 -5 80 5' })
      await insertDid(pool, 'flat', { ...GOOD, s_region: 'Polygon ICRS 80 0 81 0 82 0' })
      for (const shape of ['CIRCLE(82, 1, 2)', 'POLYGON(81, -1, 83, -1, 83, 1)']) {
        const search = (withBounds: boolean) =>
          sqlOf(`SELECT obs_id FROM ivoa.ObsCore WHERE 1 = INTERSECTS(s_region, ${shape})`, withBounds, geometry)
        await pool.query('set search_path = public, extensions')
        const found = await pool.query(search(true))
        expect(found.rowCount).toBe(2)
        expect((await pool.query(search(false))).rowCount).toBe(2)
      }
      const { rows } = await pool.query(
        "select indexdef from pg_indexes where tablename = 'obscore' and indexdef like '%s_ra%'",
      )
      expect(rows).toHaveLength(1)
    } finally {
      await drop()
    }
  })
})
