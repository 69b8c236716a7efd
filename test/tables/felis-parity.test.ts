import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import { checkDefinitions } from '../../shared/tables/check-definitions.ts'
import { createTables } from '../../shared/tables/create-tables.ts'
import { HAS_DATA, NEEDS_DATA, readReleaseFiles } from '../support/golden.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { readCatalogue } from './read-catalogue.ts'

/**
 * For some schemas of release w.2026.34, the SHA-256 of `readCatalogue` on what `felis create` of Felis 30.2026.3400 with
 * SQLAlchemy 2.1.9 makes of it in PostgreSQL 18.
 */
const CATALOGUES: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'felis-catalogues.json'), 'utf8'),
)

describe.skipIf(!HAS_DATA)(`the schemas of a release${NEEDS_DATA}`, () => {
  test('become the same tables, columns, keys, indexes and comments that Felis makes of them', async () => {
    const { pool } = await createTestDatabase({ initialised: false })
    const loader = new FelisLoader(await readReleaseFiles('w.2026.34'), DEFAULT_CONTEXT)
    const made: Record<string, string> = {}
    for (const file of Object.keys(CATALOGUES)) {
      const loaded = loader.load(file)
      expect([file, checkDefinitions([loaded], 'exact')]).toEqual([file, []])
      const { name } = loaded.schema!
      const wish = { geometry: 'portable', names: 'exact', ifNotExists: false, drop: false, readers: [] } as const
      await createTables(pool, [loaded.schema!], wish)
      const lines = await readCatalogue(pool, name, { positions: false })
      made[file] = createHash('sha256').update(lines.join('\n')).digest('hex')
      await pool.query(`drop schema "${name}" cascade`)
    }
    expect(made).toEqual(CATALOGUES)
  })
})
