import type pg from 'pg'
import { describe, expect, test } from 'vitest'
import { checkObscore } from '../../shared/obscore/check.ts'
import { DEFAULT_MAPPING } from '../../shared/obscore/mapping.ts'
import { rebuildObscore } from '../../shared/obscore/rebuild.ts'
import { GOOD, installed, openSession, tablesOf } from '../support/obscore.ts'
import { type Pick, pickWith, randomDocument } from './random-documents.ts'

describe('random statements', () => {
  const count = { statements: 160, sessions: 4 }

  test('of four sessions, with rebuilds under way, never fail, and leave what a fresh rebuild makes', async () => {
    const database = await installed()
    const clients = await Promise.all(Array.from({ length: count.sessions }, () => openSession(database)))
    let writing = true
    const work = clients.map(async (client, index) => {
      const pick = pickWith(1000 + index)
      for (let turn = 0; turn < count.statements; turn++) await randomStatement(client, pick)
    })
    const rebuilding = (async () => {
      let rebuilds = 0
      for (; writing; rebuilds++) await rebuildObscore(database.pool, DEFAULT_MAPPING, { batchRows: 7 })
      return rebuilds
    })()
    await Promise.all(work).finally(() => {
      writing = false
    })
    expect(await rebuilding).toBeGreaterThan(0)
    expect(await checkObscore(database.pool, DEFAULT_MAPPING, { batchRows: 13 })).toMatchObject({
      differences: 0,
      samples: [],
    })
    const before = await tablesOf(database)
    await rebuildObscore(database.pool, DEFAULT_MAPPING)
    expect(await tablesOf(database)).toEqual(before)
  })
})

const NAMES = Array.from({ length: 40 }, (_, index) => `f-${index}`)

/** Deadlocks and unique keys between the sessions themselves are theirs; everything else is a failure. */
async function randomStatement(client: pg.Client, pick: Pick): Promise<void> {
  const name = pick(NAMES)
  const document = JSON.stringify(randomDocument(pick))
  const own = `s-${pick(['a', 'b'])}`
  const statements: readonly (() => [string, unknown[]])[] = [
    ...Array.from({ length: 6 }, () => (): [string, unknown[]] => [
      `insert into dids (scope, name, vo, data) values ($1, $2, 'def', $3)
       on conflict (scope, name) do update set data = dids.data || excluded.data`,
      [own, name, document],
    ]),
    () => ['update dids set data = $2 where name = $1', [name, document]],
    () => [
      "update dids set data = data - 'obs_id' where scope = $1 and name = $2 and jsonb_typeof(data) = 'object'",
      [own, name],
    ],
    () => ['update dids set data = null where scope = $1 and name = $2', [own, name]],
    () => ['update dids set data = data where scope = $1', [own]],
    () => ['delete from dids where scope = $1 and name = $2', [own, name]],
    () => ['delete from dids where name like $1', [`${name.slice(0, 3)}%`]],
    () => [
      'update dids set name = $3 where scope = $1 and name = $2 and not exists (select from dids where scope = $1 and name = $3)',
      [own, name, pick(NAMES)],
    ],
    () => [
      `insert into dids (scope, name, vo, data) select $1, 'bulk-' || i, 'def', $2::jsonb || jsonb_build_object('s_xel1', i)
         from generate_series(1, 12) i on conflict (scope, name) do update set data = excluded.data`,
      [own, JSON.stringify(GOOD)],
    ],
    () => [pick([true, false, false, false]) ? 'truncate dids' : 'select count(*) from dids', []],
  ]
  const [text, values] = pick(statements)()
  await client.query(text, values).catch((error: pg.DatabaseError) => {
    if (error.code !== '40P01' && error.code !== '23505') throw error
  })
}
