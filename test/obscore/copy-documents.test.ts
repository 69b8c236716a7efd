import { expect, test } from 'vitest'
import { copyChanges, readWatermark } from '../../shared/obscore/copy-changes.ts'
import { copyDocuments } from '../../shared/obscore/copy-documents.ts'
import { installObscore } from '../../shared/obscore/install.ts'
import { DEFAULT_MAPPING } from '../../shared/obscore/mapping.ts'
import { CREATE_DIDS, GOOD, insertDid, installed, mappingOf, openSession, outcomeOf } from '../support/obscore.ts'
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

// lib/rucio/db/sqla/models.py, DidMeta: the time is that of the statement, of the clock of Rucio's server, in UTC.
const CREATE_DID_META = `create table did_meta (scope varchar(25) not null, name varchar(255) not null, meta jsonb,
  did_type char(1), created_at timestamp, updated_at timestamp, primary key (scope, name))`

test('documents with a time of their change are read from the oldest open transaction on', async () => {
  const from = await createTestDatabase({ initialised: false })
  const to = await createTestDatabase({ initialised: false })
  const mapping = mappingOf({ source: { table: 'public.did_meta', document: 'meta' } })
  for (const { pool } of [from, to]) await pool.query(CREATE_DID_META)
  await installObscore(to.pool, mapping)
  const rucio = await openSession(from)
  await rucio.query("set timezone = 'Asia/Tokyo'")
  const write = (on: Pick<typeof rucio, 'query'>, name: string, target: string) =>
    on.query(
      `insert into did_meta (scope, name, meta, updated_at) values ('s', $1, $2, clock_timestamp() at time zone 'UTC')
       on conflict (scope, name) do update set meta = excluded.meta, updated_at = excluded.updated_at`,
      [name, JSON.stringify({ ...GOOD, target_name: target })],
    )
  const targets = async () => {
    const { rows } = await to.pool.query('select target_name from ivoa.obscore order by rucio_did_name')
    return rows.map(({ target_name }) => target_name)
  }
  const column = 'updated_at'
  const copy = (since: string) =>
    copyChanges(from.pool, to.pool, mapping.source, { column, since, clocksDifferByMs: 0 }, 2)

  for (const name of ['a', 'b', 'c', 'd', 'e']) await write(from.pool, name, 'first')
  await from.pool.query("insert into did_meta (scope, name, meta) values ('s', 'f', null)")
  let since = await readWatermark(from.pool)
  await copyDocuments(from.pool, to.pool, mapping.source)

  // One that is slow to commit, and one after it that is not.
  await rucio.query('begin')
  await write(rucio, 'a', 'slow')
  await write(from.pool, 'b', 'quick')
  await from.pool.query("delete from did_meta where name = 'e'")
  const [last, during] = [since, await readWatermark(from.pool)]
  expect(await copy(last)).toMatchObject({ written: 1 })
  expect(await targets()).toEqual(['first', 'quick', 'first', 'first', 'first'])
  await rucio.query('commit')
  since = await readWatermark(from.pool)
  expect(await copy(during)).toEqual({ compared: 3, written: 1, deleted: 0 })
  expect(await targets()).toEqual(['slow', 'quick', 'first', 'first', 'first'])

  // Rows without a time are always looked at; deleted ones are found when everything is compared.
  await from.pool.query("update did_meta set meta = $1 where name = 'f'", [
    JSON.stringify({ ...GOOD, target_name: 'f' }),
  ])
  expect(await copy(since)).toEqual({ compared: 1, written: 1, deleted: 0 })
  expect(await copyDocuments(from.pool, to.pool, mapping.source)).toEqual({ compared: 5, written: 0, deleted: 1 })
  expect(await targets()).toEqual(['slow', 'quick', 'first', 'first', 'f'])

  const wrong = copyChanges(from.pool, to.pool, mapping.source, { column: 'did_type', since })
  await expect(wrong).rejects.toThrow('public.did_meta has no column "did_type" with times')
  const blind = from.poolAs(await from.createLogin())
  await expect(readWatermark(blind)).rejects.toThrow('grant it pg_read_all_stats')
})
