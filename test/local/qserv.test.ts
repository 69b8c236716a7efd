import { afterAll, beforeAll, expect, test } from 'vitest'
import { prepareFunctions } from '../../local/qserv/run-sql.ts'
import { type LocalQserv, startQserv } from '../../local/qserv/server.ts'
import { translateSql } from '../../local/qserv/translate-sql.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
let qserv: LocalQserv
let moved = 0

beforeAll(async () => {
  database = await createTestDatabase({ initialised: false, keep: true })
  await database.pool.query(`
    create schema dp1;
    create table dp1.object (objectid bigint, "Flag" boolean, x float8, seen timestamp, raw bytea, note varchar(20));
    insert into dp1.object values (9223372036854775807, true, 1e-30, '2026-01-02 03:04:05.5', '\\x00ff', 'a "b"'), (2, null, 'NaN', null, null, null)`)
  await prepareFunctions(database.pool)
  qserv = await startQserv({ pool: database.pool, now: () => Date.now() + moved, firstId: 12n, resultsKeptMs: 60_000 })
})
afterAll(async () => {
  await qserv.stop()
  await database.drop()
})

async function ask(method: string, path: string, body?: unknown, type = 'application/json') {
  const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
  const answer = await fetch(`${qserv.url}${path}`, { method, headers: { 'content-type': type }, ...content })
  return answer.text()
}
const submit = async (query: string) =>
  JSON.parse(await ask('POST', '/query-async?version=55', { query })).queryId as number
/** Waits until it is done. */
const run = async (query: string) => {
  const id = await submit(query)
  await expect.poll(() => ask('GET', `/query-async/status/${id}?version=55`)).toContain('"status":"COMPLETED"')
  return id
}
const ALL = 'SELECT objectId, Flag, x, seen, raw, note FROM dp1.Object ORDER BY objectId DESC'

test('values are MariaDB’s text, NULL is a word, binaries are digits; keys are sorted and nothing is in between', async () => {
  const id = await run(ALL)
  expect(await ask('GET', `/query-async/result/${id}?version=55`)).toBe(
    '{"error":"","error_ext":{},"rows":[["9223372036854775807","1","1e-30","2026-01-02 03:04:05.500000","00FF","a \\"b\\""],["2","NULL","NULL","NULL","NULL","NULL"]],' +
      '"schema":[{"column":"objectid","is_binary":0,"table":"","type":"BIGINT(20)"},{"column":"Flag","is_binary":0,"table":"","type":"TINYINT(1)"},{"column":"x","is_binary":0,"table":"","type":"DOUBLE"},' +
      '{"column":"seen","is_binary":0,"table":"","type":"DATETIME(6)"},{"column":"raw","is_binary":1,"table":"","type":"VARBINARY(255)"},{"column":"note","is_binary":0,"table":"","type":"VARCHAR(255)"}],"success":1,"warning":""}',
  )
  const raw = async (encoding: string) =>
    JSON.parse(await ask('GET', `/query-async/result/${id}?version=55&binary_encoding=${encoding}`))
  expect((await raw('b64')).rows[0][4]).toBe('AP8=')
  expect((await raw('array')).rows[0][4]).toEqual([0, 255])
  expect((await raw('octal')).error).toMatch(/^invalid parameters of the request, ex: /)
})

test('a body counts only as application/json, exactly; without a version there is a warning; the body beats the address', async () => {
  expect(
    await ask('POST', '/query-async?version=55', { query: 'SELECT 1' }, 'application/json; charset=utf-8'),
  ).toContain('required parameter query is missing')
  expect(await ask('POST', '/query-async', { query: 'SELECT 1' })).toContain('No version number was provided')
  expect(JSON.parse(await ask('POST', '/query-async?version=55', { query: 'SELECT 1', version: 99 }))).toMatchObject({
    success: 0,
    error: 'The requested version 99 of the API is not in the range supported by the service.',
    error_ext: { min_version: 32, max_version: 55 },
  })
  expect(await ask('GET', '/query-async/status/abc?version=55')).toContain(
    'invalid parameters of the request, ex: stoull',
  )
})

test('progress moves in steps, cancels take effect later, results can be read until they expire', async () => {
  const id = await submit(
    `/* fake {"queuedMs": 1000, "runMs": 10000, "progressEveryMs": 4000, "chunks": 5, "cancelMs": 500} */ ${ALL}`,
  )
  const status = async () => JSON.parse(await ask('GET', `/query-async/status/${id}?version=55`)).status
  expect(await status()).toMatchObject({ status: 'EXECUTING', totalChunks: 0, completedChunks: 0, lastUpdateEpoch: 0 })
  moved += 6_000
  expect(await status()).toMatchObject({ status: 'EXECUTING', totalChunks: 5, completedChunks: 2, finalRows: 0 })
  expect(await ask('GET', `/query-async/result/${id}?version=55`)).toContain(
    `queryId=${id} is still executing or it has failed, status=EXECUTING`,
  )
  expect(await ask('DELETE', `/query-async/${id}?version=55`, {})).toContain('"success":1')
  expect((await status()).status).toBe('EXECUTING')
  moved += 600
  expect((await status()).status).toBe('ABORTED')
  expect(await ask('DELETE', `/query-async/${id}?version=55`, {})).toContain(`Query has already finished: CANCEL ${id}`)
  const done = await run(ALL)
  expect(() => qserv.assertClean()).toThrow(/result of query \d+ was not deleted/)
  moved += 120_000
  expect(await ask('GET', `/query-async/result/${done}?version=55`)).toContain("doesn't exist")
  qserv.assertClean()
})

test('it can be told from another process what happens next', async () => {
  await ask('POST', '/_fake/script', { runMs: 60_000 })
  const id = await submit('SELECT 1')
  expect(JSON.parse(await ask('POST', '/_fake/script', {}))).toMatchObject({ live: [String(id)] })
  await ask('POST', '/_fake/restart')
  expect(await ask('DELETE', `/query-async/${id}?version=55`, {})).toContain(
    `Unknown or finished query ID: CANCEL ${id}`,
  )
  expect(await ask('GET', `/query-async/status/${id}?version=55`)).toContain('"status":"ABORTED"')
  await ask('POST', '/_fake/faults', [{ route: 'version', kind: 'body', body: 'hello' }])
  expect(await ask('GET', '/meta/version')).toBe('hello')
})

test('tables of users: names, kinds and the order of the parts are checked', async () => {
  const ingest = async (fields: Record<string, string>, files: readonly string[] = ['schema', 'rows']) => {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.set(name, value)
    for (const name of files)
      form.set(name, new Blob([name === 'schema' ? '[{"name":"a","type":"INT"}]' : '1\n\\N\n']), name)
    const answer = await fetch(`${qserv.url}/ingest/csv?version=55`, { method: 'POST', body: form })
    return JSON.parse(await answer.text()).error as string
  }
  expect(await ingest({ database: 'mine', table: 't' })).toContain('must start with user_')
  expect(await ingest({ database: 'user_a', table: 'x'.repeat(60) })).toContain('longer than 56')
  expect(await ingest({ database: 'user_a', table: 't' }, ['rows', 'schema'])).toContain('comes after rows')
  expect(await ingest({ database: 'user_a', table: 't', is_partitioned: '1' })).toContain('is_director is missing')
  expect(await ask('POST', '/ingest/csv?version=55', 'x', 'text/plain')).toContain('failed to pass authorization')
  expect(await ingest({ database: 'user_a', table: 't' })).toBe('')
  expect(qserv.userTables.tables()).toMatchObject([{ kind: 'replicated', rows: [['1'], [null]] }])
  expect(() => qserv.assertClean()).toThrow(/database user_a was not dropped/)
  expect(await ask('DELETE', '/ingest/database/user_a?version=55', {})).toContain('"success":1')
  expect(
    await ask('POST', '/ingest/data?version=55', { database: 'user_a', table: 't', schema: [], rows: [] }),
  ).toContain('rows is empty')
})

test('MySQL’s SQL becomes PostgreSQL’s', () => {
  const names = new Map([
    ['object', 'object'],
    ['flag', 'Flag'],
  ])
  expect(
    translateSql("SELECT Flag AS `order`, a DIV 2, 'it''s \\\\ \\n \\%' FROM dp1.Object WHERE LOWER(x) <> 'y'", names),
  ).toBe(`SELECT "Flag" AS "order", "a" / 2, 'it''s \\ \n \\%' FROM "dp1"."object" WHERE lower("x") <> 'y'`)
})

test('pairs that lie further apart than the query asks for are not computed', () => {
  const bound = (condition: string) => translateSql(`SELECT 1 FROM a WHERE ${condition}`, new Map()).split('WHERE ')[1]
  expect(bound('scisql_angSep(a.x, ABS(a.y), b.x, b.y) < 0.01 AND 1')).toBe(
    '(case when abs(( abs("a"."y")) - ( "b"."y")) between 0.01 + 1e-9 and 180 then false else scisql_angsep("a"."x", abs("a"."y"), "b"."x", "b"."y") < 0.01 end) AND 1',
  )
  for (const other of ['(1,2,3,4) > 5', '(1,2,3,4) < 5 / 7', '(1,2,3,4) < 5*7', '(1,2,3) < 5'])
    expect(bound(`scisql_angSep${other}`)).toBe(`scisql_angsep${other}`)
  expect(bound('2 * scisql_angSep(1,2,3,4) < 5')).toBe('2 * scisql_angsep(1,2,3,4) < 5')
})
