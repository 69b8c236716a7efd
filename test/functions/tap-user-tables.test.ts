import http from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startUserTables, tokenOf, type UserTablesUnderTest } from './user-tables-service.ts'

let service: UserTablesUnderTest
let tables: UserTablesUnderTest['call']
let ask: UserTablesUnderTest['ask']

beforeAll(async () => {
  service = await startUserTables(
    '{users: {max: {tables: 2, tableBytes: 200000}}}',
    '{rows: 3000, keptDays: 90, noticeDays: 10}',
  )
  tables = service.call
  ask = service.ask
})
afterAll(() => service.jobs.stop())

const CSV = 'object_id,note,"Odd ""Name"\n1,first,1.5\n3,,2.5\n'
const FORM = 'application/x-www-form-urlencoded'
const pool = () => service.jobs.tap.database.pool

const VOSI = `<?xml version="1.0"?>
<vosi:table xmlns:vosi="http://www.ivoa.net/xml/VOSITables/v1.0" xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" type="output">
 <name>ignored</name><description>My &amp; targets</description><utype>my:thing</utype>
 <column><name>ra</name><description>where</description><unit>deg</unit><ucd>pos.eq.ra;meta.main</ucd>
  <dataType xsi:type="vs:VOTableType">double</dataType></column>
 <column><name>dec</name><unit>deg</unit><ucd>pos.eq.dec;meta.main</ucd><dataType xsi:type="vs:VOTableType">double</dataType></column>
 <column><name>label</name><dataType xsi:type="vs:VOTableType" arraysize="*">char</dataType></column>
 <column><name>seen</name><dataType xsi:type="vs:TAPType">TIMESTAMP</dataType></column>
 <column><name>n</name><dataType xsi:type="vs:TAPType">INTEGER</dataType></column>
</vosi:table>`

describe('a table of a user', () => {
  test('is created from a VOSI description, filled, queried as positions, indexed and dropped', async () => {
    const created = await tables('ann', 'PUT', '/tables/user_ann.targets', VOSI, 'text/xml')
    expect([created.status, JSON.parse(created.text)]).toEqual([
      200,
      { table: 'user_ann.targets', columns: 5, rows: 0 },
    ])
    const tsv = 'ra\tdec\tlabel\tn\n10.5\t-3\ta\t1\n11\t4\tb\t2\n'
    const loaded = await tables('ann', 'POST', '/load/targets', tsv, 'text/tab-separated-values')
    expect([loaded.status, loaded.text]).toEqual([200, expect.stringContaining('"rows":2')])
    const where = "WHERE 1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 10.5, -3, 0.1))"
    expect(await ask('ann', `SELECT label, n, seen FROM user_ann.targets ${where}`)).toEqual([['a', '1', '']])
    const document = (await tables('ann', 'GET', '/tables/user_ann.targets')).text
    for (const text of ['My &amp; targets', 'my:thing', 'pos.eq.ra;meta.main', '<unit>deg</unit>', 'timestamp']) {
      expect(document).toContain(text)
    }
    const job = await tables(
      'ann',
      'POST',
      '/table-update',
      'table=user_ann.targets&index=RA&unique=true',
      'application/x-www-form-urlencoded',
    )
    expect(job.status).toBe(303)
    const path = job.headers.location?.slice(service.jobs.tap.url.length) ?? ''
    expect((await tables('ann', 'GET', `${path}/phase`)).text).toBe('PENDING')
    await tables('ann', 'POST', `${path}/phase`, 'PHASE=RUN', 'application/x-www-form-urlencoded')
    expect((await tables('ann', 'GET', path)).text).toContain('<uws:phase>COMPLETED</uws:phase>')
    expect((await tables('dan', 'GET', path)).status).toBe(404)
    expect((await tables('ann', 'GET', '/table-update/%00')).status).toBe(404)
    expect((await tables('ann', 'GET', '/tables/user_ann.targets')).text).toContain('<flag>indexed</flag>')
    const again = await tables('ann', 'POST', '/load/targets', tsv, 'text/tab-separated-values')
    expect([again.status, again.text]).toEqual([400, expect.stringContaining('unique index')])
    expect((await tables('ann', 'DELETE', '/tables/user_ann.targets')).status).toBe(200)
    expect((await tables('ann', 'DELETE', '/tables/user_ann.targets')).status).toBe(404)
    expect(await ask('ann', 'SELECT * FROM user_ann.targets')).toMatch(/no (schema|table)/)
  })

  test('is joined with the catalogue, shown by TAP_SCHEMA and left alone by a swap', async () => {
    await service.create('ann', 'mine', CSV)
    const join =
      'SELECT o.object_id, m.note, m."Odd ""Name" FROM survey.object AS o JOIN user_ann.mine AS m ON m.object_id = o.object_id ORDER BY o.object_id'
    const rows = [
      ['1', 'first', '1.5'],
      ['3', '', '2.5'],
    ]
    expect(await ask('ann', join)).toEqual(rows)
    await service.goLive('w.2026.02')
    expect(await ask('ann', join)).toEqual(rows)
    expect(
      await ask(
        'ann',
        "SELECT t.table_name, c.column_name, c.datatype FROM TAP_SCHEMA.tables AS t JOIN TAP_SCHEMA.columns AS c ON c.table_name = t.table_name WHERE t.schema_name = 'user_ann' ORDER BY c.column_index",
      ),
    ).toEqual([
      ['user_ann.mine', 'object_id', 'long'],
      ['user_ann.mine', 'note', 'char'],
      ['user_ann.mine', '"Odd ""Name"', 'double'],
    ])
    expect(
      await ask(
        'ann',
        "WITH s AS (SELECT schema_name AS n FROM TAP_SCHEMA.schemas) SELECT n FROM s WHERE n LIKE '%user%' ORDER BY n",
      ),
    ).toEqual([['user_ann']])
    const upload = new URLSearchParams({
      ...{ LANG: 'ADQL', FORMAT: 'csv', UPLOAD: 'up,param:file', file: 'object_id,extra\n3,z\n' },
      QUERY:
        'SELECT u.extra, o.object_id FROM TAP_UPLOAD.up AS u JOIN user_ann.mine AS m ON m.object_id = u.object_id JOIN survey.object AS o ON o.object_id = m.object_id',
    })
    expect((await tables('ann', 'GET', `/sync?${upload}`)).text.trim().split(/\s+/)).toEqual(['extra,object_id', 'z,3'])
    expect((await tables('dan', 'GET', `/sync?${upload}`)).status).toBe(400)
    // The slot is what the release made.
    const { rows: slot } = await pool().query("select table_name from tap_schema.tables where table_name ~ 'user_'")
    expect(slot).toEqual([])
  })
})

describe('what is said of a table', () => {
  const edit = (body: string, user = 'ann', name = 'said') => tables(user, 'POST', `/tables/${name}`, body, 'text/xml')
  const read = async () => (await tables('ann', 'GET', '/tables/user_ann.said')).text
  beforeAll(async () => {
    expect((await tables('ann', 'PUT', '/tables/said', VOSI, 'text/xml')).status).toBe(200)
  })
  afterAll(() => service.drop('ann', 'said'))

  test('is changed by its owner, and the rest stays', async () => {
    const before = await read()
    expect((await edit(before)).status).toBe(200)
    expect(await read()).toBe(before)
    const changes =
      '<table><utype/><column><name>RA</name><unit>rad</unit><ucd/></column><column><name>n</name><description>of &lt;it&gt;</description></column></table>'
    expect((await edit(changes)).status).toBe(200)
    const after = await read()
    for (const text of ['<unit>rad</unit>', 'of &lt;it&gt;', 'My &amp; targets', 'where']) expect(after).toContain(text)
    for (const text of ['my:thing', 'pos.eq.ra']) expect(after).not.toContain(text)
    expect(
      await ask(
        'ann',
        "SELECT column_name, unit, ucd FROM TAP_SCHEMA.columns WHERE table_name = 'user_ann.said' AND column_index < 2 ORDER BY column_index",
      ),
    ).toEqual([
      ['ra', 'rad', ''],
      ['dec', 'deg', 'pos.eq.dec;meta.main'],
    ])
  })

  test.each([
    ['a column that is not there', '<table><column><name>x</name></column></table>', 400, 'no column'],
    [
      'another type',
      '<table><column><name>n</name><dataType>double</dataType></column></table>',
      400,
      'cannot be changed',
    ],
    [
      'a text that is too long',
      `<table><description>${'x'.repeat(5000)}</description></table>`,
      400,
      'the limit is 4096',
    ],
    ['what is not XML', 'a,b', 400, 'not XML'],
    ['no table', '<a/>', 400, 'no element table'],
  ])('is not changed by %s', async (_what, body, status, message) => {
    const before = await read()
    expect(await edit(body)).toMatchObject({ status, text: expect.stringContaining(message) })
    expect(await read()).toBe(before)
  })

  test('is not changed by others, nor where there is no table', async () => {
    expect((await edit('<table/>', 'dan', 'user_ann.said')).status).toBe(403)
    expect((await edit('<table/>', 'ann', 'nothing')).status).toBe(404)
  })
})

describe('a result', () => {
  const save = (name: string, form: Readonly<Record<string, string>>, user = 'ann') =>
    tables(user, 'POST', `/save/${name}`, new URLSearchParams(form).toString(), FORM)
  const QUERY = 'SELECT o.object_id AS id, o.ra, o.dec FROM survey.object AS o ORDER BY o.object_id'
  const JOB = { LANG: 'ADQL', QUERY, PHASE: 'RUN' }
  const authorization = `Bearer ${tokenOf('ann')}`
  const listed = async () => JSON.parse((await tables('ann', 'GET', '/user-tables')).text).tables.length

  beforeAll(() => service.create('ann', 'there', 'a\n1\n'))
  afterAll(() => service.drop('ann', 'there'))

  test('of a query is saved as a table, with what is known of its columns', async () => {
    const saved = await save('kept', { LANG: 'ADQL', QUERY })
    expect([saved.status, JSON.parse(saved.text)]).toEqual([
      200,
      { table: 'user_ann.kept', columns: 3, rows: expect.any(Number), overflow: false },
    ])
    const original = await ask('ann', QUERY)
    expect(await ask('ann', 'SELECT id, ra, dec FROM user_ann.kept ORDER BY id')).toEqual(original)
    expect((await tables('ann', 'GET', '/tables/user_ann.kept')).text).toContain('pos.eq.ra')
    const names = { LANG: 'ADQL', QUERY: 'SELECT table_name, "size" AS "a b" FROM TAP_SCHEMA.columns' }
    expect(await save('columns_here', names)).toMatchObject({ status: 200 })
    expect(
      (await ask('ann', `SELECT DISTINCT table_name FROM user_ann.columns_here WHERE table_name = 'user_ann.kept'`))
        .length,
    ).toBe(1)
    expect(
      (await save('of_mine', { LANG: 'ADQL', QUERY: 'SELECT id FROM user_ann.kept', MAXREC: '2' })).text,
    ).toContain('"rows":2')
    await service.drop('ann', 'kept', 'columns_here', 'of_mine')
  })

  test('keeps values of all types', async () => {
    const query = `SELECT object_id, POINT('ICRS', ra, dec) AS p, CIRCLE('ICRS', ra, dec, 0.5) AS c, CAST('2020-01-02T03:04:05' AS TIMESTAMP) AS t,
      CAST(7 AS SMALLINT) AS s, CAST(1.5 AS REAL) AS r, CAST(NULL AS INTEGER) AS n, 'é ☄ "x"' AS u, '' AS e
      FROM survey.object WHERE object_id < 3 ORDER BY object_id`
    const saved = await save('typed', { LANG: 'ADQL', QUERY: query })
    expect([saved.status, saved.text]).toEqual([200, expect.stringContaining('"columns":9')])
    const back = await ask('ann', 'SELECT object_id, p, c, t, s, r, n, u, e FROM user_ann.typed ORDER BY object_id')
    expect(back).toEqual(await ask('ann', query))
    const types = `SELECT column_name, datatype, xtype FROM TAP_SCHEMA.columns WHERE table_name = 'user_ann.typed' ORDER BY column_index`
    expect(await ask('ann', types)).toEqual([
      ...[
        ['object_id', 'long', ''],
        ['p', 'double', 'point'],
        ['c', 'double', 'circle'],
        ['t', 'char', 'timestamp'],
      ],
      ...[
        ['s', 'short', ''],
        ['r', 'float', ''],
        ['n', 'int', ''],
        ['u', 'char', ''],
        ['e', 'char', ''],
      ],
    ])
    const near = "SELECT COUNT(*) AS n FROM user_ann.typed WHERE 1 = CONTAINS(p, CIRCLE('ICRS', 0.36, -89.82, 0.01))"
    expect(await ask('ann', near)).toEqual([['1']])
    await service.drop('ann', 'typed')
  })

  test.each(['votable', 'votable/td', 'csv'])(
    'of a job in %s is saved, also by those with whom it is shared',
    async (FORMAT) => {
      const job = await service.jobs.create({ ...JOB, FORMAT }, { authorization })
      await service.jobs.idle()
      expect((await save('of_job', { JOB: job })).text).toContain('"overflow":false')
      expect(await ask('ann', 'SELECT id, ra, dec FROM user_ann.of_job ORDER BY id')).toEqual(await ask('ann', QUERY))
      expect((await save('of_job', { JOB: job }, 'dan')).status).toBe(403)
      await tables('ann', 'POST', `/async/${job}/share`, 'USER=dan', FORM)
      expect((await save('of_job', { JOB: job }, 'dan')).status).toBe(200)
      await service.drop('dan', 'of_job')
      await service.drop('ann', 'of_job')
    },
  )

  test.each([
    ['a query that is wrong', { LANG: 'ADQL', QUERY: 'SELECT nothing FROM survey.object' }, 400, 'nothing'],
    [
      'a query that fails late',
      { LANG: 'ADQL', QUERY: 'SELECT 1 / (object_id - 3) AS a FROM survey.object ORDER BY object_id' },
      400,
      'zero',
    ],
    [
      'two columns of one name',
      { LANG: 'ADQL', QUERY: 'SELECT ra, dec AS "RA" FROM survey.object' },
      400,
      'two columns',
    ],
    ['a table that is there', { LANG: 'ADQL', QUERY }, 409, 'already', 'there'],
    ['a name that cannot be', { LANG: 'ADQL', QUERY }, 400, 'is not a name', 'select'],
    ['a schema of somebody else', { LANG: 'ADQL', QUERY }, 403, 'own schema', 'user_dan.x'],
    ['neither', {}, 400, 'JOB or QUERY'],
    ['both', { JOB: 'a'.repeat(32), QUERY }, 400, 'JOB or QUERY'],
    ['no job', { JOB: 'a'.repeat(32) }, 404, 'no job'],
    ['a query that is not ADQL', { LANG: 'SQL', QUERY }, 400, 'language'],
  ])('of %s: there is no new table', async (_what, form: object, status, message, name = 'never') => {
    const before = await listed()
    const answer = await save(name, { ...form })
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(message)])
    expect(await listed()).toBe(before)
  })

  test('of a job that is not there yet, or of too many rows, is not saved', async () => {
    const pending = await service.jobs.create({ LANG: 'ADQL', QUERY }, { authorization })
    expect(await save('never', { JOB: pending })).toMatchObject({
      status: 409,
      text: expect.stringContaining('PENDING'),
    })
    const parquet = await service.jobs.create({ ...JOB, FORMAT: 'parquet' }, { authorization })
    await service.jobs.idle()
    expect(await save('never', { JOB: parquet })).toMatchObject({
      status: 400,
      text: expect.stringContaining('Parquet'),
    })
    await service.create('ann', 'many', `n\n${'1\n'.repeat(60)}`)
    const cross = 'SELECT a.n FROM user_ann.many AS a, user_ann.many AS b'
    expect(await save('never', { LANG: 'ADQL', QUERY: cross })).toMatchObject({
      status: 400,
      text: expect.stringContaining('more than 3000 rows'),
    })
    const cut = await service.jobs.create({ ...JOB, QUERY: cross, MAXREC: '10' }, { authorization })
    await service.jobs.idle()
    expect(JSON.parse((await save('cut', { JOB: cut })).text)).toMatchObject({ rows: 10, overflow: true })
    await service.drop('ann', 'many', 'cut')
  })

  test('of a query whose client leaves is not saved, and the query ends', async () => {
    const adql = 'SELECT COUNT(*) AS n FROM survey.object AS a, survey.object AS b, survey.object AS c'
    const sent = http.request(`${service.jobs.tap.url}/save/given_up`, {
      ...{ method: 'POST', agent: false },
      headers: { authorization, 'content-type': FORM },
    })
    sent.on('error', () => {}).end(new URLSearchParams({ LANG: 'ADQL', QUERY: adql }).toString())
    const underway = async () => {
      const { rowCount } = await pool().query(`select from pg_locks where relation = 'survey.object'::regclass
        and database = (select oid from pg_database where datname = current_database()) limit 1`)
      return rowCount
    }
    await expect.poll(underway).toBe(1)
    sent.destroy()
    await expect.poll(underway).toBe(0)
    expect((await tables('ann', 'GET', '/tables/user_ann.given_up')).status).toBe(404)
    const phases = async () => {
      const { rows } = await pool().query(
        "select phase from uws.job where mode = 'sync' and owner = 'ann' order by created_at desc limit 1",
      )
      return rows[0].phase
    }
    await expect.poll(phases).toBe('ABORTED')
  })

  test('over the quota is not saved', async () => {
    const { rows } = await pool().query("select from uws.job where mode = 'sync' and phase = 'EXECUTING'")
    expect(rows).toEqual([])
    const wide = `SELECT a.column_name || a.description AS c FROM TAP_SCHEMA.columns AS a, TAP_SCHEMA.columns AS b, TAP_SCHEMA.tables AS c`
    expect(await save('never', { LANG: 'ADQL', QUERY: wide, MAXREC: '3000' }, 'max')).toMatchObject({ status: 429 })
    expect(JSON.parse((await tables('max', 'GET', '/quota')).text).usage).toMatchObject({ tables: 0, tableBytes: 0 })
    expect((await tables('max', 'GET', '/notifications')).text).toContain('200000 bytes of tables of your own')
  })
})

describe('who sees a table', () => {
  const READ = 'SELECT note FROM user_ann.seen ORDER BY note'
  const LIST = "SELECT table_name FROM TAP_SCHEMA.tables WHERE table_name = 'user_ann.seen'"
  beforeAll(async () => {
    await service.create('ann', 'seen', 'note\nx\n')
  })

  const sees = async (user: string) => {
    const rows = await ask(user, READ)
    const inSchema = await ask(user, LIST)
    const document = (await tables(user, 'GET', '/tables')).text.includes('user_ann.seen')
    const one = (await tables(user, 'GET', '/tables/user_ann.seen')).status
    const job = await service.jobs.create(
      { LANG: 'ADQL', QUERY: READ, PHASE: 'RUN' },
      { authorization: `Bearer ${tokenOf(user)}` },
    )
    await service.jobs.idle()
    const phase = (await tables(user, 'GET', `/async/${job}/phase`)).text
    return [Array.isArray(rows), inSchema.length === 1, document, one === 200, phase === 'COMPLETED']
  }
  const ALL = [true, true, true, true, true]
  const NONE = [false, false, false, false, false]
  const share = (form: string) => tables('ann', 'POST', '/tables/seen/share', form, 'application/x-www-form-urlencoded')

  test('its owner, and nobody else, by any way in', async () => {
    for (const [user, expected] of [
      ['ann', ALL],
      ['dan', NONE],
      ['gil', NONE],
      ['Ann', NONE],
    ] as const) {
      expect([user, await sees(user)]).toEqual([user, expected])
    }
    expect((await tables(null, 'GET', '/tables/user_ann.seen')).status).toBe(401)
  })

  test('those with whom it is shared, at once, until that is taken back or over', async () => {
    expect((await share('USER=dan&GROUP=astro')).status).toBe(200)
    for (const [user, expected] of [
      ['dan', ALL],
      ['gil', ALL],
      ['eve', NONE],
    ] as const) {
      expect([user, await sees(user)]).toEqual([user, expected])
    }
    for (const [method, path] of [
      ['DELETE', '/tables/user_ann.seen'],
      ['POST', '/load/user_ann.seen'],
    ] as const) {
      expect((await tables('dan', method, path, method === 'POST' ? 'note\ny\n' : undefined, 'text/csv')).status).toBe(
        403,
      )
    }
    expect((await share('USER=dan&ACTION=REMOVE')).status).toBe(200)
    expect(await sees('dan')).toEqual(NONE)
    await share('GROUP=astro&UNTIL=2001-01-01T00:00:00Z')
    expect(await sees('gil')).toEqual(NONE)
    const { rows } = await pool().query<{ kind: string }>(
      "select kind from uws.event where item_type = 'table' and item = (select id::text from user_tables.item where name = 'seen') order by sequence",
    )
    expect(rows.map(({ kind }) => kind)).toEqual([
      ...['TABLE_CREATED', 'SHARE_CREATED', 'SHARE_CREATED', 'SHARE_REMOVED', 'SHARE_UPDATED'],
    ])
  })

  test('the role of queries reads no table that its transaction does not name', async () => {
    const client = await pool().connect()
    try {
      const {
        rows: [item],
      } = await client.query("select id from user_tables.item where name = 'seen'")
      await client.query(`begin; set local role ${service.role}`)
      expect((await client.query(`select * from user_data.t${item.id}`)).rows).toEqual([])
      const let_read = (user: string) =>
        client.query("select from user_tables.let_read('tap', $1, '{}', array[$2::bigint])", [user, item.id])
      await let_read('ann')
      expect((await client.query(`select * from user_data.t${item.id}`)).rowCount).toBe(1)
      await client.query('savepoint before')
      // As for somebody whose share was taken back after his query was understood.
      await expect(let_read('dan')).rejects.toMatchObject({ code: 'UT404' })
      await client.query('rollback to before')
      await expect(client.query('select * from user_tables.item')).rejects.toThrow(/permission denied/)
    } finally {
      await client.query('rollback')
      client.release()
    }
  })
})

test('a table that is dropped after a query was understood is an error of the query', async () => {
  const READ = 'SELECT note FROM user_ann.lost'
  const waiting = async () => {
    const { rows } = await pool().query(`select from pg_locks where not granted and locktype = 'relation'
      and database = (select oid from pg_database where datname = current_database())`)
    return rows.length
  }
  const upload = new URLSearchParams({
    ...{ LANG: 'ADQL', QUERY: READ.replace('lost', 'lost, TAP_UPLOAD.up'), UPLOAD: 'up,param:file', file: 'a\n1\n' },
  })
  for (const way of ['sync', 'upload', 'async']) {
    await service.create('ann', 'lost', 'note\nx\n')
    const client = await pool().connect()
    await client.query('begin')
    const { rows } = await client.query("delete from user_tables.item where name = 'lost' returning id")
    await client.query(`drop table user_data.t${rows[0].id}`)
    const authorization = `Bearer ${tokenOf('ann')}`
    const form = { LANG: 'ADQL', QUERY: READ, PHASE: 'RUN' }
    const job = way === 'async' ? await service.jobs.create(form, { authorization }) : ''
    const asked =
      way === 'sync' ? ask('ann', READ) : way === 'upload' ? tables('ann', 'GET', `/sync?${upload}`) : undefined
    await expect.poll(waiting).toBe(1)
    await client.query('commit')
    client.release()
    const message = 'user_ann.lost cannot be read any more'
    if (way === 'sync') expect(await asked).toContain(message)
    if (way === 'upload') expect(await asked).toMatchObject({ status: 400, text: expect.stringContaining(message) })
    await service.jobs.idle()
    if (way === 'async') expect((await tables('ann', 'GET', `/async/${job}`)).text).toContain(message)
  }
})

describe('a table that is shared for writing', () => {
  const share = (form: string) => tables('ann', 'POST', '/tables/common/share', form, FORM)
  const load = (user: string, csv = 'note\ny\n') => tables(user, 'POST', '/load/user_ann.common', csv, 'text/csv')
  beforeAll(() => service.create('ann', 'common', 'note\nx\n'))
  afterAll(() => service.drop('ann', 'common'))

  test('is loaded by others, and nothing else is done to it', async () => {
    expect((await share('USER=dan&GROUP=astro&MODE=write')).text).toContain('"mode":"write"')
    for (const user of ['dan', 'gil']) expect(await load(user)).toMatchObject({ status: 200 })
    expect(await load('eve')).toMatchObject({ status: 403, text: expect.stringContaining('for writing') })
    expect(await ask('ann', 'SELECT COUNT(*) AS n FROM user_ann.common')).toEqual([['3']])
    const listed = JSON.parse((await tables('dan', 'GET', '/user-tables')).text).tables
    expect(listed).toMatchObject([{ table: 'user_ann.common', owner: 'ann', writable: true }])
    const more = [
      ['DELETE', '/tables/user_ann.common', undefined, undefined],
      ['POST', '/tables/user_ann.common', '<table/>', 'text/xml'],
      ['POST', '/tables/user_ann.common/share', 'USER=eve', FORM],
      ['GET', '/tables/user_ann.common/share', undefined, undefined],
      ['POST', '/table-update', 'TABLE=user_ann.common&INDEX=note', FORM],
    ] as const
    for (const [method, path, body, type] of more) {
      expect([path, (await tables('dan', method, path, body, type)).status]).toEqual([path, 403])
    }
    const { rows } = await pool().query(
      "select owner, data ->> 'by' as by from uws.event where kind = 'TABLE_UPDATED' and data ->> 'name' = 'common' order by sequence",
    )
    expect(rows).toEqual([
      { owner: 'ann', by: 'dan' },
      { owner: 'ann', by: 'gil' },
    ])
  })

  test('is no longer, when it is shared for reading, or not at all', async () => {
    await share('USER=dan')
    expect((await load('dan')).status).toBe(403)
    expect(await ask('dan', 'SELECT COUNT(*) AS n FROM user_ann.common')).toEqual([['3']])
    await share('GROUP=astro&ACTION=REMOVE')
    expect((await load('gil')).status).toBe(403)
    expect(await share('USER=dan&MODE=all')).toMatchObject({ status: 400 })
    const { rows } = await pool().query(
      "select data ->> 'mode' as mode from uws.event where kind = 'SHARE_UPDATED' and data ->> 'user' = 'dan' order by sequence desc limit 1",
    )
    expect(rows).toEqual([{ mode: null }])
  })

  test('is shared with a group that a user has made', async () => {
    const form = (user: string, method: string, path: string, body: string) => tables(user, method, path, body, FORM)
    await form('eve', 'PUT', '/groups/crew', '')
    await form('eve', 'POST', '/groups/crew', 'MEMBER=gil')
    expect((await share('GROUP=eve/crew&MODE=write')).status).toBe(200)
    for (const user of ['eve', 'gil']) expect(await load(user)).toMatchObject({ status: 200 })
    expect((await ask('gil', 'SELECT note FROM user_ann.common')).length).toBe(5)
    await form('eve', 'POST', '/groups/crew', 'MEMBER=gil&ACTION=REMOVE')
    expect((await load('gil')).status).toBe(403)
    expect(await ask('gil', 'SELECT note FROM user_ann.common')).toMatch(/no (schema|table)/)
    expect((await share('GROUP=eve/nothing')).status).toBe(404)
  })

  test('fills the quota of its owner', async () => {
    await service.create('max', 'common', 'note\nx\n')
    await tables('max', 'POST', '/tables/common/share', 'USER=dan&MODE=write', FORM)
    const rows = `note\n${`${'0123456789'.repeat(100)}\n`.repeat(400)}`
    expect((await tables('dan', 'POST', '/load/user_max.common', rows, 'text/csv')).status).toBe(429)
    expect(await ask('dan', 'SELECT COUNT(*) AS n FROM user_max.common')).toEqual([['1']])
    await service.drop('max', 'common')
  })
})

describe('at once', () => {
  const statuses = async (calls: readonly Promise<{ readonly status: number }>[]) =>
    (await Promise.all(calls)).map(({ status }) => status).sort()

  test('of many that create a table of one name one does', async () => {
    const create = () => tables('ann', 'PUT', '/tables/once', 'a\n1\n2\n', 'text/csv')
    expect(await statuses(Array.from({ length: 8 }, create))).toEqual([200, ...Array(7).fill(409)])
    expect(await ask('ann', 'SELECT a FROM user_ann.once ORDER BY a')).toEqual([['1'], ['2']])
  })

  test('loads, edits, indexes, shares and queries of a table that is dropped are done before, or find none', async () => {
    const drop = () => tables('ann', 'DELETE', '/tables/once')
    const others = () => [
      tables('ann', 'POST', '/load/once', 'a\n3\n', 'text/csv'),
      tables('ann', 'POST', '/tables/once', '<table><description>x</description></table>', 'text/xml'),
      tables('ann', 'POST', '/tables/once/share', 'USER=dan', FORM),
      tables('ann', 'POST', '/table-update', 'TABLE=once&INDEX=a&PHASE=RUN', FORM),
      tables('ann', 'GET', `/sync?${new URLSearchParams({ LANG: 'ADQL', QUERY: 'SELECT a FROM user_ann.once' })}`),
    ]
    for (let round = 0; round < 5; round++) {
      const found = await statuses([...others(), drop(), ...others()])
      expect(found.filter((status) => ![200, 303, 400, 404].includes(status))).toEqual([])
      expect((await drop()).status).toBe(404)
      await service.create('ann', 'once', 'a\n1\n')
    }
    await service.drop('ann', 'once')
    const { rows } = await pool().query(
      "select from uws.share where item_type = 'table' and item not in (select id::text from user_tables.item)",
    )
    expect(rows).toEqual([])
  })
})

describe('names', () => {
  test.each([
    'a.b.c',
    'user_ann.x.y',
    '%22x%22y',
    'x%27y',
    'x%22%3Bdrop%20table%20t',
    'tap_schema..x',
    'h%C3%A9',
    '1a',
    'select',
    'user_ann.',
    '.x',
    'x'.repeat(64),
    'x%00',
    '%22%22',
    'x%20',
  ])('%s is refused', async (name) => {
    const { status, text } = await tables('ann', 'PUT', `/tables/${name}`, 'a\n1\n', 'text/csv')
    expect([status, text]).toEqual([400, expect.stringContaining('is not a name for a table')])
  })

  test.each(['tap_schema.x', 'survey.object', 'user_dan.x', 'uws.job', 'user_data.t1', '"user_Ann".x'])(
    '%s is in a schema of somebody else',
    async (name) => {
      for (const [method, path] of [
        ['PUT', 'tables'],
        ['DELETE', 'tables'],
        ['POST', 'load'],
      ] as const) {
        const body = method === 'DELETE' ? undefined : 'a\n1\n'
        const { status } = await tables('ann', method, `/${path}/${encodeURIComponent(name)}`, body, 'text/csv')
        expect([method, status]).toEqual([method, 403])
      }
    },
  )

  test('users with names of any sort keep tables apart', async () => {
    const odd = 'o"neil.x@example.org'
    for (const user of ['ann', 'Ann', odd]) await service.create(user, 'same', `who\n${user.replaceAll('"', '')}\n`)
    expect(await ask('ann', 'SELECT who FROM user_ann.same')).toEqual([['ann']])
    expect(await ask('Ann', 'SELECT who FROM "user_Ann".same')).toEqual([['Ann']])
    expect(await ask(odd, 'SELECT who FROM "user_o""neil.x@example.org".same')).toEqual([['oneil.x@example.org']])
    expect(await ask('Ann', 'SELECT who FROM user_ann.same')).toMatch(/no (schema|table)/)
    const hostile = 'a,"b"" ; drop table x --","c\'"\n1,2,3\n'
    await service.create('ann', 'hostile', hostile)
    expect(await ask('ann', `SELECT "b"" ; drop table x --", "c'" FROM user_ann.hostile`)).toEqual([['2', '3']])
    expect(
      await ask('ann', "SELECT COUNT(*) AS n FROM TAP_SCHEMA.columns WHERE table_name = 'user_ann.hostile'"),
    ).toEqual([['3']])
  })
})

describe('what is wrong with a request', () => {
  beforeAll(() => service.create('ann', 'wrong', 'i,t\n1,a\n'))
  test.each([
    ['an unknown column', 'x\n1\n', 'has no column'],
    ['a fraction for a whole number', 'i\n1.5\n', 'the column is bigint'],
    [
      'a number too large',
      'i\n99999999999999999999\n',
      'does not fit the type of its column (value "99999999999999999999"',
    ],
    ['no number', 'i\n7\nseven\n', '"seven"'],
    ['the same column twice', 'i,I\n1,2\n', 'same name'],
  ])('%s: nothing is loaded', async (_what, csv, message) => {
    const { status, text } = await tables('ann', 'POST', '/load/wrong', csv, 'text/csv')
    expect([status, text]).toEqual([400, expect.stringContaining(message)])
    expect(await ask('ann', 'SELECT COUNT(*) AS n FROM user_ann.wrong')).toEqual([['1']])
  })

  test.each([
    ['no columns', '<table/>', 400],
    ['not XML', '<table><', 400],
    ['an unknown type', '<table><column><name>a</name><dataType>thing</dataType></column></table>', 400],
    ['a document type', '<!DOCTYPE table [<!ENTITY a "b">]><table/>', 400],
    ['names that differ by case', 'a,A\n1,2\n', 400],
    ['a table that is there', 'a\n1\n', 409],
  ])('a definition with %s', async (what, body, status) => {
    const name = status === 409 ? 'wrong' : 'broken'
    const type = body.startsWith('<') ? 'text/xml' : 'text/csv'
    expect([what, (await tables('ann', 'PUT', `/tables/${name}`, body, type)).status]).toEqual([what, status])
  })
})

describe('what watch-queries does', () => {
  const watch = () => service.jobs.watch()
  const age = (name: string, days: number) =>
    pool().query(
      `update user_tables.item set used_at = used_at - $2 * interval '1 day', changed_at = changed_at - $2 * interval '1 day',
              warned_at = warned_at - $2 * interval '1 day' where name = $1`,
      [name, days],
    )
  const notes = async (): Promise<string[]> =>
    JSON.parse((await tables('eve', 'GET', '/notifications')).text).notifications.map(
      ({ message }: { message: string }) => message,
    )
  const isThere = async (name: string) => (await tables('eve', 'GET', `/tables/user_eve.${name}`)).status === 200

  test('drops what nobody has used, after its owner was told, and nothing else', async () => {
    for (const name of ['unused', 'read_late', 'loaded_late', 'fresh']) await service.create('eve', name, 'a\n1\n')
    for (const name of ['unused', 'read_late', 'loaded_late']) await age(name, 85)
    expect(await watch()).toMatchObject({ dropped: 0 })
    const told = await notes()
    expect(told).toHaveLength(3)
    expect(told.join()).toMatch(/user_eve\.unused has not been used since \d{4}-\d\d-\d\d\. It will be dropped on/)
    expect(await watch()).toMatchObject({ dropped: 0 })
    expect(await notes()).toHaveLength(3)
    for (const name of ['unused', 'read_late', 'loaded_late']) await age(name, 15)
    expect(await ask('eve', 'SELECT a FROM user_eve.read_late')).toEqual([['1']])
    await tables('eve', 'POST', '/load/loaded_late', 'a\n2\n', 'text/csv')
    await expect
      .poll(
        async () =>
          (await pool().query("select from user_tables.item where name = 'read_late' and used_at > warned_at"))
            .rowCount,
      )
      .toBe(1)
    expect(await watch()).toMatchObject({ dropped: 1 })
    expect(await Promise.all(['unused', 'read_late', 'loaded_late', 'fresh'].map(isThere))).toEqual([
      false,
      true,
      true,
      true,
    ])
    const { rows } = await pool().query(
      "select data from uws.event where kind = 'TABLE_REMOVED' and data ->> 'name' = 'unused'",
    )
    expect(rows).toEqual([{ data: { name: 'unused', reason: 'unused' } }])
    expect(JSON.parse((await tables('eve', 'GET', '/quota')).text).usage.tables).toBe(3)
    // It is told anew.
    await age('read_late', 90)
    expect(await watch()).toMatchObject({ dropped: 0 })
    expect(await notes()).toHaveLength(4)
  })

  test('ends shares whose time is over', async () => {
    await tables('eve', 'POST', '/tables/fresh/share', 'USER=dan&UNTIL=2001-01-01', FORM)
    await tables('eve', 'POST', '/tables/fresh/share', 'USER=gil', FORM)
    expect(await watch()).toMatchObject({ ended: 1 })
    const { rows } = await pool().query(
      "select kind, data ->> 'user' as who from uws.event where kind like 'SHARE%' and item = (select id::text from user_tables.item where name = 'fresh') order by sequence",
    )
    expect(rows.map(({ kind, who }) => `${kind} ${who}`)).toEqual([
      'SHARE_CREATED dan',
      'SHARE_CREATED gil',
      'SHARE_REMOVED dan',
    ])
  })
})

test('twenty loads at once stay within the quota, and none is half there', async () => {
  await service.create('max', 'filled', 'note\nx\n')
  const rows = `note\n${'0123456789'.repeat(10)}\n`.concat(`${'0123456789'.repeat(10)}\n`.repeat(199))
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => tables('max', 'POST', '/load/filled', rows, 'text/csv')),
  )
  const statuses = answers.map(({ status }) => status)
  const done = statuses.filter((status) => status === 200).length
  expect(done).toBeGreaterThan(0)
  expect(statuses.filter((status) => status === 429).length).toBe(20 - done)
  expect(await ask('max', 'SELECT COUNT(*) AS n FROM user_max.filled')).toEqual([[String(1 + done * 200)]])
  const quota = JSON.parse((await tables('max', 'GET', '/quota')).text)
  expect(quota.limits).toEqual({ tables: 2, tableBytes: 200000 })
  expect(quota.usage.tables).toBe(1)
  expect(quota.usage.tableBytes).toBeLessThanOrEqual(200000)
  await service.create('max', 'spare', 'a\n1\n')
  expect((await tables('max', 'PUT', '/tables/third', 'a\n1\n', 'text/csv')).status).toBe(429)
})
