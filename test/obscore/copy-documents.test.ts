import { expect, test } from 'vitest'
import { copyDocuments } from '../../shared/obscore/copy-documents.ts'
import { DEFAULT_MAPPING } from '../../shared/obscore/mapping.ts'
import { CREATE_DIDS, GOOD, insertDid, installed, outcomeOf } from '../support/obscore.ts'
import { createTestDatabase } from '../support/postgres.ts'

test('documents of another database are compared and copied, and the trigger does the rest', async () => {
  const from = await createTestDatabase({ initialised: false })
  await from.pool.query(CREATE_DIDS)
  const to = await installed()
  const poll = () => copyDocuments(from.pool, to.pool, DEFAULT_MAPPING.source, 3)
  for (const name of ['a', 'B', 'ä', '_', 'c d', "e'\\"])
    await insertDid(from.pool, name, { ...GOOD, target_name: name })
  await from.pool.query("insert into dids (vo, scope, name, data) values ('def', 's', 'none', null)")
  await insertDid(to.pool, 'gone', GOOD)
  expect(await poll()).toEqual({ compared: 7, written: 7, deleted: 1 })
  expect((await outcomeOf(to.pool, 's', "e'\\")).row).toMatchObject({ target_name: "e'\\" })
  expect(await outcomeOf(to.pool, 's', 'none')).toEqual({
    row: null,
    reasons: [{ column: null, code: 'not_an_object' }],
  })
  expect(await poll()).toEqual({ compared: 7, written: 0, deleted: 0 })
  await from.pool.query(
    `update dids set data = data || '{"target_name": 1.0}' where name = 'ä'; delete from dids where name = 'B'`,
  )
  expect(await poll()).toEqual({ compared: 6, written: 1, deleted: 1 })
  expect((await outcomeOf(to.pool, 's', 'ä')).row).toMatchObject({ target_name: '1.0' })
  const { rows } = await to.pool.query('select count(*)::int as count from ivoa.obscore')
  expect(rows).toEqual([{ count: 5 }])
})
