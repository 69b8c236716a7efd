import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installObscore } from '../../shared/obscore/install.ts'
import {
  CREATE_DIDS,
  type DocumentCase,
  NEEDS_DATA,
  type Outcome,
  outcomeOf,
  readCases,
  readMapping,
} from '../support/obscore.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const cases = NEEDS_DATA === '' ? readCases() : []

describe.skipIf(NEEDS_DATA !== '').each(['ska', 'site'] as const)(
  `documents of a site like %s${NEEDS_DATA}`,
  (which) => {
    const own = cases.filter(({ mapping }) => mapping === which)
    let database: TestDatabase

    beforeAll(async () => {
      database = await createTestDatabase({ keep: true })
      await database.pool.query(CREATE_DIDS)
      await installObscore(database.pool, readMapping(which))
    })
    afterAll(() => database.drop())

    const write = ({ vo, scope, name, data }: Pick<DocumentCase, 'vo' | 'scope' | 'name' | 'data'>) =>
      database.pool.query(
        `insert into dids (vo, scope, name, data) values ($1, $2, $3, $4)
       on conflict (scope, name) do update set data = excluded.data`,
        [vo, scope, name, JSON.stringify(data)],
      )

    test.each(own)('$id gives its row or its reasons', async (document) => {
      await write(document)
      expectOutcome(await outcomeOf(database.pool, document.scope, document.name), document)
    })

    test('one after the other under one name, each leaves its own result alone', async () => {
      const order = [...own, ...own.toReversed(), ...own.filter((_, index) => index % 3 === 0)]
      for (const document of order) {
        // Some of the templates hold the name.
        const { scope, name } =
          document.row === null || which === 'ska' ? { scope: 'one', name: 'and the same' } : document
        await write({ ...document, scope, name })
        const row = document.row === null ? null : { ...document.row, rucio_did_scope: scope, rucio_did_name: name }
        expectOutcome(await outcomeOf(database.pool, scope, name), { ...document, row })
      }
    })
  },
)

/** Numbers within the last digits of their conversion, dates as PostgreSQL writes them in JSON. */
function expectOutcome(found: Outcome, { row, reasons }: Outcome): void {
  expect(found.reasons).toEqual(reasons)
  const expected =
    row && Object.fromEntries(Object.entries(row).map(([name, value]) => [name, near(name, value, found.row?.[name])]))
  expect(found.row).toEqual(expected)
}

function near(name: string, value: unknown, found: unknown): unknown {
  if (typeof value === 'number' && typeof found === 'number') {
    const tolerance = name.startsWith('t_m') ? 1e-9 : Math.abs(value) * 1e-12
    return Math.abs(value - found) <= tolerance ? found : value
  }
  return name === 'obs_release_date' ? String(value).replace(/0*Z$/, '') : value
}
