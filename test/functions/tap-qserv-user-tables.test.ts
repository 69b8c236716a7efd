import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { prepareFunctions } from '../../local/qserv/run-sql.ts'
import { type LocalQserv, startQserv } from '../../local/qserv/server.ts'
import { startUserTables, tokenOf, type UserTablesUnderTest } from './user-tables-service.ts'

let service: UserTablesUnderTest
let qserv: LocalQserv

beforeAll(async () => {
  service = await startUserTables('', '{}', async (database) => {
    await prepareFunctions(database.pool)
    qserv = await startQserv({ pool: database.pool })
    const tables = '[{table: survey.object, kind: director, id: object_id}]'
    return ['type: qserv', `qserv: {url: "${qserv.url}", tables: ${tables}}`]
  })
  await service.create('ann', 'mine', 'object_id,note\n1,first\n2,\n')
})
afterEach(async () => {
  const left = async () => {
    const { rows } = await service.jobs.tap.database.pool.query('select job from uws.remote')
    return [...qserv.queries.live(), ...qserv.queries.unclaimed(), ...qserv.userTables.databases(), ...rows]
  }
  await expect.poll(left).toEqual([])
  qserv.faults.clear()
})
afterAll(async () => {
  await service.jobs.stop()
  await qserv.stop()
})

const JOIN =
  'SELECT o.object_id, m.note FROM survey.object AS o JOIN user_ann.mine AS m ON m.object_id = o.object_id ORDER BY o.object_id'
const ROWS = [
  ['1', 'first'],
  ['2', ''],
]
const ingested = () => qserv.requests.filter(({ route }) => route === 'ingest-csv').length

/** The phase of a job of a user, and its document. */
async function run(user: string, query: string) {
  const job = await service.jobs.create(
    { LANG: 'ADQL', QUERY: query, PHASE: 'RUN', FORMAT: 'csv' },
    { authorization: `Bearer ${tokenOf(user)}` },
  )
  await service.jobs.idle()
  const { text } = await service.call(user, 'GET', `/async/${job}`)
  const result = await service.call(user, 'GET', `/async/${job}/results/result`)
  return { phase: /<uws:phase>(\w+)/.exec(text)?.[1], text, result: result.text }
}

test('a table of a user travels to Qserv with the query that joins it, and is dropped there', async () => {
  expect(await service.ask('ann', JOIN)).toEqual(ROWS)
  expect(await run('ann', JOIN)).toMatchObject({
    phase: 'COMPLETED',
    result: 'object_id,note\r\n1,first\r\n2,\r\n',
  })
})

test('it goes to Qserv with no other query', async () => {
  const before = ingested()
  expect(await service.ask('ann', 'SELECT COUNT(*) AS n FROM user_ann.mine')).toEqual([['2']])
  expect(await service.ask('ann', 'SELECT object_id FROM survey.object WHERE object_id = 1')).toEqual([['1']])
  const listed = "SELECT column_name FROM TAP_SCHEMA.columns WHERE table_name = 'user_ann.mine' ORDER BY column_index"
  expect(await service.ask('ann', listed)).toEqual([['object_id'], ['note']])
  expect(ingested()).toBe(before)
})

test('those with whom it is shared join it, others do not, and neither does who was allowed to before', async () => {
  const share = (form: string) =>
    service.call('ann', 'POST', '/tables/mine/share', form, 'application/x-www-form-urlencoded')
  expect(await service.ask('dan', JOIN)).toMatch(/no (schema|table)/)
  await share('USER=dan')
  expect(await service.ask('dan', JOIN)).toEqual(ROWS)
  expect((await run('dan', JOIN)).phase).toBe('COMPLETED')
  await share('USER=dan&ACTION=REMOVE')
  expect(await service.ask('dan', JOIN)).toMatch(/no (schema|table)/)
  expect(await run('dan', JOIN)).toMatchObject({ phase: 'ERROR', text: expect.stringMatching(/no (schema|table)/) })
})

test('with an upload beside it, in one database of Qserv', async () => {
  const query = new URLSearchParams({
    ...{ LANG: 'ADQL', FORMAT: 'csv', UPLOAD: 'up,param:file', file: 'object_id,extra\n1,z\n' },
    QUERY:
      'SELECT m.note, u.extra FROM survey.object AS o JOIN user_ann.mine AS m ON m.object_id = o.object_id JOIN TAP_UPLOAD.up AS u ON u.object_id = m.object_id',
  })
  expect((await service.call('ann', 'GET', `/sync?${query}`)).text).toBe('note,extra\r\nfirst,z\r\n')
})

test('one that is dropped before its rows are read is an error of the query', async () => {
  const { pool } = service.jobs.tap.database
  await service.create('ann', 'lost', 'object_id\n1\n')
  const client = await pool.connect()
  await client.query('begin')
  const { rows } = await client.query("delete from user_tables.item where name = 'lost' returning id")
  await client.query(`drop table user_data.t${rows[0].id}`)
  const asked = service.ask('ann', JOIN.replace('user_ann.mine', 'user_ann.lost').replace('m.note', 'm.object_id AS b'))
  const waiting = `select from pg_locks where not granted and locktype = 'relation'
    and database = (select oid from pg_database where datname = current_database())`
  await expect.poll(async () => (await pool.query(waiting)).rowCount).toBe(1)
  await client.query('commit')
  client.release()
  expect(await asked).toContain('user_ann.lost cannot be read any more')
})

test.each([['too many rows', `object_id\n${'1\n'.repeat(100_001)}`, 'of up to 100000']])(
  'one that cannot travel is an error that says so: %s',
  async (_what, csv, message) => {
    await service.create('ann', 'large', csv)
    const query = JOIN.replace('user_ann.mine', 'user_ann.large').replace('m.note', 'm.object_id AS b')
    expect(await service.ask('ann', query)).toContain(message)
    expect(await run('ann', query)).toMatchObject({ phase: 'ERROR', text: expect.stringContaining(message) })
  },
)

test('one that Qserv does not take leaves no connection behind', async () => {
  for (let time = 0; time < 12; time++) {
    qserv.faults.add({ route: 'ingest-csv', kind: 'refuse', error: 'too wide' })
    expect(await service.ask('ann', JOIN)).toContain('too wide')
  }
  expect(await service.ask('ann', JOIN)).toEqual(ROWS)
  const { pool } = service.jobs.tap.database
  // Of this database: other tests may share its server. An answer can be there before its transaction has ended.
  const left = async () =>
    (await pool.query("select from pg_stat_activity where state like 'idle in%' and datname = current_database()"))
      .rowCount
  await expect.poll(left).toBe(0)
})

test('a result of Qserv is saved as a table', async () => {
  const form = new URLSearchParams({ LANG: 'ADQL', QUERY: JOIN }).toString()
  const saved = await service.call('ann', 'POST', '/save/joined', form, 'application/x-www-form-urlencoded')
  expect([saved.status, saved.text]).toEqual([200, expect.stringContaining('"rows":2')])
  expect(await service.ask('ann', 'SELECT object_id, note FROM user_ann.joined ORDER BY object_id')).toEqual(ROWS)
})
