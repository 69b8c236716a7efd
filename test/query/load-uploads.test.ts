import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseQuery } from '../../shared/adql/parse.ts'
import { type GeometryStrategy, POSTGRESQL_SETTINGS, toPostgresql } from '../../shared/adql/postgresql.ts'
import { resolveQuery } from '../../shared/adql/resolve.ts'
import { TableSet } from '../../shared/adql/table-set.ts'
import { fieldsOf } from '../../shared/query/fields.ts'
import { CopyOut } from '../../shared/query/postgresql/copy-out.ts'
import { describeUploads, loadUploads } from '../../shared/query/postgresql/load-uploads.ts'
import type { Field } from '../../shared/votable/field.ts'
import { chooseFormat } from '../../shared/votable/formats.ts'
import { readTable } from '../../shared/votable/read-table.ts'
import { writeResult } from '../../shared/votable/write-result.ts'
import { inChunks } from '../support/copy-binary.ts'
import { runs } from '../support/effort.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { KINDS, tables } from '../support/random-tables.ts'

const LIMITS = { rows: 1000, bytes: 10_000_000, columns: 900 }

let database: TestDatabase
let pool: pg.Pool

beforeAll(async () => {
  database = await createTestDatabase({ keep: true })
  pool = database.poolAs(await database.createLogin(), 4)
})

afterAll(async () => {
  await database.drop()
})

const document = (fields: string, rows: string) =>
  Buffer.from(
    `<VOTABLE><RESOURCE><TABLE>${fields}<DATA><TABLEDATA>${rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>`,
  )

interface Sent {
  readonly name?: string
  readonly bytes: Uint8Array
  readonly contentType?: string
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const collected: Uint8Array[] = []
  for await (const part of parts) collected.push(part)
  return Buffer.concat(collected)
}

/** What a query over uploads answers, in one transaction of a role that may read alone. */
async function ask(adql: string, sent: readonly Sent[], geometry: GeometryStrategy = 'portable') {
  const uploads = await Promise.all(
    sent.map(async ({ name = 't', bytes, contentType = null }) => ({
      name,
      table: await readTable(inChunks(bytes, [bytes.length]), { name, contentType, limits: LIMITS }),
    })),
  )
  const client = await pool.connect()
  try {
    const settings = Object.entries(POSTGRESQL_SETTINGS).map(([key, value]) => `set local ${key} = ${value}`)
    await client.query(['begin', `set local search_path = ''`, ...settings].join(';'))
    const tables = new TableSet([]).with(describeUploads(uploads))
    await loadUploads(client, uploads)
    await client.query('set transaction read only')
    const resolved = resolveQuery(parseQuery(adql), tables)
    const copy = new CopyOut(`copy (${toPostgresql(resolved, { geometry })}) to stdout (format binary)`, 1 << 20)
    client.query(copy)
    const rows = await collect(copy.read())
    await copy.ended
    return { fields: fieldsOf(resolved.columns), rows }
  } finally {
    await client.query('rollback')
    client.release()
  }
}

async function asCsv({ fields, rows }: { readonly fields: readonly Field[]; readonly rows: Buffer }): Promise<string> {
  const options = { format: chooseFormat('csv')!, maxRows: 1e9, onError: 'throw' as const, describeError: String }
  const csv = await collect(writeResult(inChunks(rows, [rows.length]), { fields, infos: [], services: [] }, options))
  return csv.toString().replaceAll('\r\n', '\n')
}

test('what is uploaded comes back bit for bit, with names and all that describes it', async () => {
  await fc.assert(
    fc.asyncProperty(tables(KINDS), async (table) => {
      const format = {
        format: chooseFormat('votable/b2')!,
        maxRows: 1e9,
        onError: 'throw' as const,
        describeError: String,
      }
      const head = { fields: table.fields, infos: [], services: [] }
      const bytes = await collect(writeResult(inChunks(table.bytes, [1000]), head, format))
      const { fields, rows } = await ask('select * from tap_upload.t', [{ bytes }])
      const distinct = new Set(table.fields.map(({ name }) => name)).size === table.fields.length
      if (distinct) expect(fields.map(({ id: _, ...field }) => field)).toEqual(table.fields)
      expect(rows.toString('hex')).toBe(table.bytes.toString('hex'))
    }),
    { numRuns: runs(25) },
  )
})

test('times are timestamps, in every spelling, and come back with their T', async () => {
  const field = '<FIELD name="when" datatype="char" arraysize="*" xtype="XTYPE"/>'
  const times = [
    '2026-01-31T12:00:00.123456',
    '2026-01-31',
    '2026-01-31T12:00',
    '0001-01-01T00:00:00Z',
    '2016-12-31T23:59:60',
    '',
  ]
  const rows = times.map((time) => `<TR><TD>${time}</TD></TR>`).join('')
  for (const xtype of ['timestamp', 'adql:TIMESTAMP']) {
    const bytes = document(field.replace('XTYPE', xtype), rows)
    const answer = await ask('select "when" from tap_upload.t', [{ bytes }])
    expect(answer.fields).toMatchObject([{ name: 'when', datatype: 'char', arraysize: '*', xtype: 'timestamp' }])
    expect((await asCsv(answer)).split('\n').slice(1)).toEqual([
      '2026-01-31T12:00:00.123456',
      '2026-01-31T00:00:00',
      '2026-01-31T12:00:00',
      '0001-01-01T00:00:00',
      '2017-01-01T00:00:00',
      '',
      '',
    ])
  }
  const bytes = document(field.replace('XTYPE', 'timestamp'), rows)
  expect(
    await asCsv(await ask(`select count(*) as n from tap_upload.t where "when" > '2026-01-31T06:00:00'`, [{ bytes }])),
  ).toBe('n\n2\n')
})

describe('shapes of an upload can be computed with', () => {
  const bytes = document(
    '<FIELD name="id" datatype="int"/><FIELD name="p" datatype="double" arraysize="2" xtype="point"/><FIELD name="c" datatype="double" arraysize="3" xtype="circle"/><FIELD name="s" datatype="double" arraysize="*" xtype="polygon"/><FIELD name="f" datatype="float" arraysize="2" xtype="point"/><FIELD name="t" datatype="char" arraysize="*" xtype="adql:POINT"/>',
    '<TR><TD>1</TD><TD>10 20</TD><TD>10 20 1</TD><TD>9 19 11 19 11 21</TD><TD>10.5 20</TD><TD>Position ICRS 10 20</TD></TR><TR><TD>2</TD><TD>200 -20</TD><TD/><TD/><TD/><TD/></TR>',
  )
  test.each([
    ['select id, distance(p, point(10, 21)) as d from tap_upload.t where id = 1', 'id,d\n1,1\n'],
    ['select id from tap_upload.t where 1 = contains(point(10.5, 20.5), c)', 'id\n1\n'],
    ['select id from tap_upload.t where distance(p, point(200, -20)) < 0.1', 'id\n2\n'],
    ['select a.id, coord1(a.p) as lon, p from tap_upload.t as a', 'id,lon,p\n1,10,10 20\n2,200,200 -20\n'],
    ['select s from (select s from tap_upload.t where s is not null) as q', 's\n9 19 11 19 11 21\n'],
    ['select id, coord1(f) as lon, f from tap_upload.t', 'id,lon,f\n1,10.5,10.5 20\n2,,\n'],
    ['select id, t from tap_upload.t where distance(t, p) = 0', 'id,t\n1,Position ICRS 10 20\n'],
  ])('%s', async (adql, expected) => {
    expect(await asCsv(await ask(adql, [{ bytes }]))).toBe(expected)
  })
})

test('several uploads are joined by positions, from VOTable and CSV', async () => {
  const stars = document(
    '<FIELD name="RA" datatype="double" unit="deg" ucd="pos.eq.ra;meta.main"/><FIELD name="Dec" datatype="double" unit="deg" ucd="pos.eq.dec;meta.main"/>',
    '<TR><TD>83.822</TD><TD>-5.391</TD></TR><TR><TD>0</TD><TD>0</TD></TR>',
  )
  const targets = Buffer.from('name,ra,dec\nOrion,83.8221,-5.3911\n')
  const adql =
    'select n.name, s.RA from TAP_UPLOAD.Stars as s join tap_upload.targets as n on distance(point(s.ra, s.dec), point(n.ra, n.dec)) < 0.01'
  const answer = await ask(adql, [
    { name: 'Stars', bytes: stars },
    { name: 'targets', bytes: targets, contentType: 'text/csv' },
  ])
  expect(answer.fields).toMatchObject([
    { name: 'name', datatype: 'char' },
    { name: 'RA', datatype: 'double', unit: 'deg', ucd: 'pos.eq.ra;meta.main' },
  ])
  expect(await asCsv(answer)).toBe('name,RA\nOrion,83.822\n')
})

test('text of a fixed length keeps its blanks, and compares with them', async () => {
  const bytes = document(
    '<FIELD name="a" datatype="char" arraysize="4"/>',
    '<TR><TD>ab  </TD></TR><TR><TD>ab</TD></TR>',
  )
  expect(await asCsv(await ask(`select a from tap_upload.t where a = 'ab  '`, [{ bytes }]))).toBe('a\n"ab  "\n')
})

test('names can be anything: SQL in them is a name', async () => {
  const hostile = ['a"; drop table x; --', "b'); select 1; --", 'c\\', 'order', 'é', '"', 'pg_temp.upload_1']
  const escapeName = (name: string) => name.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
  const bytes = document(
    hostile
      .map(
        (name) =>
          `<FIELD name="${escapeName(name)}" datatype="int" unit="${escapeName(name)}" ucd="${escapeName(name)}"/>`,
      )
      .join(''),
    `<TR>${hostile.map((_, index) => `<TD>${index}</TD>`).join('')}</TR>`,
  )
  const all = await ask('select * from tap_upload.t', [{ bytes }])
  expect(all.fields.map(({ name, unit }) => [name, unit])).toEqual(hostile.map((name) => [name, name]))
  for (const [index, name] of hostile.entries()) {
    const csv = await asCsv(await ask(`select "${name.replaceAll('"', '""')}" as x from tap_upload.t`, [{ bytes }]))
    expect(csv).toBe(`x\n${index}\n`)
  }
})

test('a fault in a row ends the transaction with the message of the table, and leaves the connection usable', async () => {
  const bytes = document('<FIELD name="a" datatype="int"/>', '<TR><TD>1</TD></TR><TR><TD>x</TD></TR>')
  await expect(ask('select a from tap_upload.t', [{ bytes }])).rejects.toMatchObject({
    code: 'upload_invalid',
    message: expect.stringContaining('row 2, column "a" (int): found "x"'),
  })
  expect(
    await asCsv(
      await ask('select count(*) as n from tap_upload.t', [{ bytes: Buffer.from('a\n1\n'), contentType: 'text/csv' }]),
    ),
  ).toBe('n\n1\n')
})

test('rows that are too wide for a page say so', async () => {
  const fields = Array.from(
    { length: 900 },
    (_, index) => `<FIELD name="c${index}" datatype="double" arraysize="2"/>`,
  ).join('')
  const bytes = document(fields, `<TR>${'<TD>1 2</TD>'.repeat(900)}</TR>`)
  await expect(ask('select c1 from tap_upload.t', [{ bytes }])).rejects.toMatchObject({
    code: 'upload_too_large',
    message: expect.stringContaining('too wide'),
  })
})

test('an upload is seen by its own transaction alone', async () => {
  const bytes = Buffer.from('a\n1\n')
  await ask('select a from tap_upload.t', [{ bytes, contentType: 'text/csv' }])
  const { rows } = await database.pool.query(`select relname from pg_class where relname like 'upload%'`)
  expect(rows).toEqual([])
})

test('a role that may not have temporary tables is the fault of the service', async () => {
  const login = await database.createLogin()
  await database.pool.query(`revoke temporary on database ${new URL(database.url).pathname.slice(1)} from public`)
  const client = await database.poolAs(login, 1).connect()
  try {
    const table = await readTable(inChunks(Buffer.from('a\n1\n'), [9]), {
      name: 't',
      contentType: 'text/csv',
      limits: LIMITS,
    })
    await client.query('begin')
    await expect(loadUploads(client, [{ name: 't', table }])).rejects.toMatchObject({
      code: 'query_service',
      message: expect.stringContaining('may not create temporary tables'),
    })
  } finally {
    client.release(true)
    await database.pool.query(`grant temporary on database ${new URL(database.url).pathname.slice(1)} to public`)
  }
})
