import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startUserTables, tokenOf, type UserTablesUnderTest } from './user-tables-service.ts'

let service: UserTablesUnderTest
const FORM = 'application/x-www-form-urlencoded'

/** Jobs of the owner: a query of the table, and a unique index on it that has not been made. */
let [query, shared, index] = ['', '', '']

beforeAll(async () => {
  service = await startUserTables()
  await service.create('ann', 'seen', 'object_id,note\n1,x\n')
  await service.create('eve', 'seen', 'object_id,note\n1,of eve\n')
  const authorization = `Bearer ${tokenOf('ann')}`
  const form = { LANG: 'ADQL', FORMAT: 'csv', QUERY: 'SELECT note FROM user_ann.seen', PHASE: 'RUN' }
  query = await service.jobs.create(form, { authorization })
  shared = await service.jobs.create(form, { authorization })
  await service.jobs.idle()
  await service.call('ann', 'POST', `/async/${shared}/share`, 'USER=dan', FORM)
  await service.call('ann', 'PUT', '/groups/friends', '', FORM)
  await service.call('ann', 'POST', '/groups/friends', 'MEMBER=fay', FORM)
  await service.call('ann', 'POST', '/tables/seen/share', 'USER=dan&GROUP=astro&GROUP=ann/friends', FORM)
  await service.call('ann', 'POST', '/tables/seen/share', 'USER=wes&MODE=write', FORM)
  const update = await service.call('ann', 'POST', '/table-update', 'table=seen&index=object_id&unique=false', FORM)
  index = update.headers.location?.slice(service.jobs.tap.url.length) ?? ''
})
afterAll(() => service.jobs.stop())

const OWNER = ['ann']
/** Whom the owner lets load, too. */
const WRITERS = ['ann', 'wes']
/** With whom the table is shared: a user, one of a group of the data centre, one of a group of the owner, and a writer. */
const READERS = ['ann', 'dan', 'gil', 'fay', 'wes']
const EVERYBODY = [...READERS, 'eve', 'anonymous']

const get = async (user: string | null, path: string) => service.call(user, 'GET', path)
const holds = async (user: string | null, path: string, text: string) => (await get(user, path)).text.includes(text)
const finds = async (user: string | null, adql: string) => {
  const found = await service.ask(user, adql)
  return Array.isArray(found) && found.length > 0
}
const sends = async (user: string | null, method: string, path: string, body?: string, type = FORM) =>
  (await service.call(user, method, path, body, type)).status < 400

const UPLOADED = new URLSearchParams({
  ...{ LANG: 'ADQL', FORMAT: 'csv', UPLOAD: 'up,param:file', file: 'object_id\n1\n' },
  QUERY: 'SELECT m.note FROM TAP_UPLOAD.up AS u JOIN user_ann.seen AS m ON m.object_id = u.object_id',
})

interface Way {
  readonly way: string
  readonly who: readonly string[]
  /** Whether somebody gets through to the table, or to its rows. */
  readonly works: (user: string | null) => Promise<boolean>
}

const WAYS: readonly Way[] = [
  { way: '/tables', who: READERS, works: (user) => holds(user, '/tables', 'user_ann.seen') },
  { way: '/tables?detail=min', who: READERS, works: (user) => holds(user, '/tables?detail=min', 'user_ann.seen') },
  {
    way: '/tables/NAME',
    who: READERS,
    works: async (user) => (await get(user, '/tables/user_ann.seen')).status === 200,
  },
  { way: '/user-tables', who: READERS, works: (user) => holds(user, '/user-tables', '"user_ann.seen"') },
  ...['schemas', 'tables', 'columns'].map((table) => ({
    way: `TAP_SCHEMA.${table}`,
    who: READERS,
    works: (user: string | null) =>
      finds(
        user,
        `SELECT * FROM TAP_SCHEMA.${table} WHERE ${table === 'columns' ? 'table_name' : 'schema_name'} LIKE 'user_ann%'`,
      ),
  })),
  {
    way: 'TAP_SCHEMA, joined',
    who: READERS,
    works: (user) =>
      finds(
        user,
        "SELECT 1 AS n FROM TAP_SCHEMA.tables AS t JOIN TAP_SCHEMA.columns AS c ON c.table_name = t.table_name WHERE t.table_name = 'user_ann.seen'",
      ),
  },
  { way: 'a sync query', who: READERS, works: (user) => finds(user, 'SELECT * FROM user_ann.seen') },
  { way: 'its name in other case', who: READERS, works: (user) => finds(user, 'SELECT NOTE FROM User_Ann.SEEN') },
  {
    way: 'a join with the catalogue',
    who: READERS,
    works: (user) =>
      finds(user, 'SELECT s.note FROM survey.object AS o JOIN user_ann.seen AS s ON s.object_id = o.object_id'),
  },
  {
    way: 'a subquery',
    who: READERS,
    works: (user) =>
      finds(user, 'SELECT 1 AS n FROM survey.object WHERE object_id IN (SELECT object_id FROM user_ann.seen)'),
  },
  {
    way: 'a common table expression in a union',
    who: READERS,
    works: (user) =>
      finds(user, 'WITH w AS (SELECT note FROM user_ann.seen) SELECT note FROM w UNION SELECT note FROM w'),
  },
  { way: 'a join with an upload', who: READERS, works: (user) => holds(user, `/sync?${UPLOADED}`, 'note') },
  {
    way: 'a job',
    who: READERS,
    async works(user) {
      if (user === null) return false
      const form = { LANG: 'ADQL', QUERY: 'SELECT note FROM user_ann.seen', PHASE: 'RUN' }
      const id = await service.jobs.create(form, { authorization: `Bearer ${tokenOf(user)}` })
      await service.jobs.idle()
      return (await get(user, `/async/${id}/phase`)).text === 'COMPLETED'
    },
  },
  {
    way: 'a result that is saved as a table',
    who: READERS,
    works: (user) =>
      sends(
        user,
        'POST',
        '/save/copy',
        new URLSearchParams({ LANG: 'ADQL', QUERY: 'SELECT * FROM user_ann.seen' }).toString(),
      ),
  },
  { way: 'a job of the owner', who: OWNER, works: async (user) => (await get(user, `/async/${query}`)).status === 200 },
  { way: 'its result', who: OWNER, works: (user) => holds(user, `/async/${query}/results/result`, 'note') },
  {
    way: 'the result of a job that the owner shares with one of them',
    who: ['ann', 'dan'],
    works: (user) => holds(user, `/async/${shared}/results/result`, 'note'),
  },
  { way: 'the job of its index', who: OWNER, works: async (user) => (await get(user, index)).status === 200 },
  { way: 'running that', who: OWNER, works: (user) => sends(user, 'POST', `${index}/phase`, 'PHASE=RUN') },
  {
    way: 'another index',
    who: OWNER,
    works: (user) => sends(user, 'POST', '/table-update', 'table=user_ann.seen&index=note&unique=false'),
  },
  {
    way: 'changing what is said of it',
    who: OWNER,
    works: (user) =>
      sends(
        user,
        'POST',
        '/tables/user_ann.seen',
        '<table><name>seen</name><description>mine</description></table>',
        'text/xml',
      ),
  },
  {
    way: 'the group with which it is shared',
    who: ['ann', 'fay'],
    works: (user) => holds(user, '/groups', 'friends'),
  },
  { way: 'joining that', who: OWNER, works: (user) => sends(user, 'POST', '/groups/friends', 'MEMBER=fay') },
  {
    way: 'loading',
    who: WRITERS,
    works: (user) => sends(user, 'POST', '/load/user_ann.seen', 'object_id,note\n2,y\n', 'text/csv'),
  },
  {
    way: 'creating in its schema',
    who: OWNER,
    works: (user) => sends(user, 'PUT', '/tables/user_ann.other', 'a\n1\n', 'text/csv'),
  },
  {
    way: 'saving in its schema',
    who: OWNER,
    works: (user) => sends(user, 'POST', '/save/user_ann.third', `JOB=${shared}`),
  },
  {
    way: 'who may read it',
    who: OWNER,
    works: async (user) => (await get(user, '/tables/user_ann.seen/share')).status === 200,
  },
  { way: 'sharing it', who: OWNER, works: (user) => sends(user, 'POST', '/tables/user_ann.seen/share', 'USER=dan') },
  // The catalogue is no secret among users who are known.
  {
    way: 'the catalogue',
    who: [...READERS, 'eve'],
    works: (user) => finds(user, 'SELECT * FROM survey.object'),
  },
  // At the end.
  { way: 'dropping', who: OWNER, works: (user) => sends(user, 'DELETE', '/tables/user_ann.seen') },
]

describe('a table of a user, by the way of', () => {
  // The owner comes last: others have nothing to gain from what she does.
  test.each(WAYS)('$way', async ({ who, works }) => {
    const through: string[] = []
    for (const user of EVERYBODY.toReversed()) {
      if (await works(user === 'anonymous' ? null : user)) through.unshift(user)
    }
    expect(through).toEqual(who)
  })
})

describe('users whose names look alike or are no words', () => {
  test.each([
    ['jörg', '"user_jörg"', 'jo\u0308rg'],
    ['a.b', '"user_a.b"', 'a'],
    ['x";drop schema user_data cascade;--'.replaceAll(' ', '_'), '"user_x"";drop_schema_user_data_cascade;--"', 'x'],
    ["it's", '"user_it\'s"', 'its'],
    ['Ωμέγα', '"user_Ωμέγα"', 'ωμέγα'],
    ['select', 'user_select', 'SELECT'],
  ])('%s keeps tables apart from others', async (user, schema, other) => {
    await service.create(user, 'mine', 'who\nme\n')
    expect(await service.ask(user, `SELECT who FROM ${schema}.mine`)).toEqual([['me']])
    expect(await service.ask(user, `SELECT table_name FROM TAP_SCHEMA.tables WHERE table_name LIKE '%user_%'`)).toEqual(
      [[`${schema}.mine`]],
    )
    expect((await service.call(user, 'GET', `/tables/${encodeURIComponent(`${schema}.mine`)}`)).status).toBe(200)
    expect(await service.ask(other, `SELECT who FROM ${schema}.mine`)).toMatch(/no (schema|table)/)
    await service.create(other, 'mine', 'who\nother\n')
    expect(await service.ask(user, `SELECT who FROM ${schema}.mine`)).toEqual([['me']])
    expect((await service.call(other, 'DELETE', `/tables/${encodeURIComponent(`${schema}.mine`)}`)).status).toBe(403)
    await service.drop(user, 'mine')
    await service.drop(other, 'mine')
  })
})
