import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callAlmagest } from '../support/call-command.ts'
import { createTestDatabase } from '../support/postgres.ts'

const SURVEY = `
name: survey
'@id': '#survey'
description: A survey
tables:
  - name: star
    '@id': '#survey.star'
    description: Stars
    columns:
      - {name: star_id, '@id': '#survey.star.star_id', datatype: long, description: Identifier}
      - {name: ra, '@id': '#survey.star.ra', datatype: double, ivoa:ucd: pos.eq.ra;meta.main, fits:tunit: deg, description: Right ascension}
      - {name: name, '@id': '#survey.star.name', datatype: string, length: 20, description: Name}
    primaryKey: '#survey.star.star_id'
`

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'almagest-adql-'))
  writeFileSync(join(folder, 'survey.yaml'), SURVEY)
})
afterAll(() => rmSync(folder, { recursive: true }))

const withRelease = () => ['--release', folder, '--schemas', 'survey']

test('a valid query is said to be valid', async () => {
  const { code, stdout } = await callAlmagest(['adql', 'SELECT a FROM t'])
  expect(code).toBe(0)
  expect(stdout).toBe('valid\nwithout metadata, names and types were not checked\n')
})

test('an error comes with its line and a caret', async () => {
  const { code, stdout } = await callAlmagest(['adql', 'SELECT ra\nFORM t'])
  expect(code).toBe(1)
  expect(stdout).toBe('error: line 2, column 1: Did you mean FROM instead of FORM?\n2 | FORM t\n  | ^\n')
})

test('with a release, the columns of the result are described', async () => {
  const { code, json } = await callAlmagest(['adql', '--json', ...withRelease(), 'SELECT ra AS "RA", name FROM star;'])
  expect(code).toBe(0)
  expect(json()).toEqual({
    valid: true,
    columns: [
      {
        name: 'RA',
        datatype: 'double',
        unit: 'deg',
        ucd: 'pos.eq.ra;meta.main',
        description: 'Right ascension',
        origin: { table: 'survey.star', column: 'ra' },
      },
      {
        name: 'name',
        datatype: 'char',
        arraysize: '*',
        description: 'Name',
        origin: { table: 'survey.star', column: 'name' },
      },
    ],
    extensions: ['semicolon'],
  })
})

test('with a release, an unknown column is an error with its near miss', async () => {
  const { code, json } = await callAlmagest(['adql', '--json', ...withRelease(), 'SELECT rra FROM survey.star'])
  expect(code).toBe(1)
  expect(json()).toMatchObject({
    valid: false,
    error: { kind: 'unknown-column', line: 1, column: 8, offset: 7, length: 3, suggestion: 'ra' },
  })
})

test.each([
  ['postgresql', /^select .*"ra".* from "survey"\."star"/s],
  ['qserv', /^SELECT ra FROM survey\.star$/],
])('with the dialect %s, its SQL is printed', async (dialect, sql) => {
  const { code, json } = await callAlmagest([
    'adql',
    '--json',
    ...withRelease(),
    '--dialect',
    dialect,
    'SELECT ra FROM star',
  ])
  expect(code).toBe(0)
  expect(json<{ sql: string }>().sql).toMatch(sql)
})

test('a query for which Qserv would read all of a table is valid, with a warning', async () => {
  const words = [...withRelease(), '--dialect', 'qserv', 'SELECT ra FROM star']
  const warning = 'It is not known how Qserv has partitioned survey.star, so all of it is read.'
  expect((await callAlmagest(['adql', '--json', ...words])).json()).toMatchObject({ valid: true, warning })
  expect((await callAlmagest(['adql', ...words])).stdout).toContain(`warning: ${warning}`)
})

test('what Qserv lacks is not valid there, with the place', async () => {
  const query = 'SELECT ra FROM star ORDER BY ra OFFSET 3'
  const { code, json } = await callAlmagest(['adql', '--json', ...withRelease(), '--dialect', 'qserv', query])
  expect(code).toBe(1)
  expect(json()).toMatchObject({ valid: false, error: { kind: 'unsupported', line: 1 } })
})

test('a file of queries gets a verdict a line', async () => {
  const path = join(folder, 'queries.jsonl')
  writeFileSync(path, `${JSON.stringify('SELECT a FROM t')}\n\n${JSON.stringify("SELECT '🌟' a b FROM t")}\n`)
  const { code, stdout } = await callAlmagest(['adql', '--lines', path, '--json'])
  expect(code).toBe(1)
  const verdicts = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(verdicts).toEqual([
    { valid: true },
    { valid: false, error: expect.objectContaining({ kind: 'syntax', offset: 13, column: 14 }) },
  ])
})

test('a line that is no query names itself, behind the verdicts before it', async () => {
  const path = join(folder, 'broken.jsonl')
  writeFileSync(path, '"SELECT a FROM t"\nSELECT a FROM t\n')
  const { code, stdout } = await callAlmagest(['adql', '--lines', path, '--json'])
  expect(code).toBe(2)
  expect(stdout).toContain('{"valid":true}\n')
  expect(stdout).toContain('line 2 is not a JSON string')
})

test('a query can be read from a file', async () => {
  const path = join(folder, 'query.adql')
  writeFileSync(path, 'SELECT star_id FROM survey.star')
  const { code } = await callAlmagest(['adql', ...withRelease(), path])
  expect(code).toBe(0)
})

test.each([
  [[], 'give one query'],
  [['adql.txt'], 'neither a query nor a file'],
  [['--lines', 'x'], 'add --json'],
  [['--dialect', 'postgresql', 'SELECT a FROM t'], '--dialect needs metadata'],
  [['--geometry', 'postgis', 'SELECT a FROM t'], '--geometry works with --dialect postgresql only'],
  [['--release', 'x', 'SELECT a FROM t'], '--release and --schemas go together'],
  [['--release', 'x', '--schemas', 'a', '--url', 'http://localhost', 'SELECT a FROM t'], 'exclude each other'],
])('wrong usage is said: %s', async (args, message) => {
  const { code, stderr } = await callAlmagest(['adql', ...args])
  expect(code).toBe(2)
  expect(stderr).toContain(message)
})

test('a TAP service is asked for its TAP_SCHEMA', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://localhost').searchParams.get('QUERY') ?? ''
    asked.push(query)
    const csv = query.endsWith('tables')
      ? 'table_name,schema_name,description\r\n"sky.""Field""",sky,"Fields, all"\r\n'
      : 'table_name,column_name,datatype,arraysize,xtype,unit,ucd,utype,description,indexed\r\n"sky.""Field""",field_id,int,,,,meta.id,,"a ""key""",1\r\n'
    response.setHeader('content-type', 'text/csv')
    response.end(csv)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tap/`
  try {
    const { json } = await callAlmagest(['adql', '--json', '--url', url, 'SELECT * FROM sky."Field"'])
    expect(json()).toEqual({
      valid: true,
      columns: [
        {
          name: 'field_id',
          datatype: 'int',
          ucd: 'meta.id',
          description: 'a "key"',
          origin: { table: 'sky."Field"', column: 'field_id' },
        },
      ],
    })
    expect(asked).toHaveLength(2)
  } finally {
    server.close()
  }
})

test('the live slot of a database says what its tables are', async () => {
  const database = await createTestDatabase()
  await database.pool.query(`
    create schema tap_schema;
    create table tap_schema.tables (table_name text, schema_name text, description text, table_index int);
    create table tap_schema.columns (table_name text, column_name text, datatype text, arraysize text, xtype text,
      unit text, ucd text, utype text, description text, indexed int, column_index int);
    insert into tap_schema.tables values ('sky.star', 'sky', 'Stars', 1);
    insert into tap_schema.columns (table_name, column_name, datatype, unit, column_index)
      values ('sky.star', 'dec', 'double', 'deg', 2), ('sky.star', 'ra', 'double', 'deg', 1);
  `)
  const { code, json } = await callAlmagest(['adql', '--json', '--database', database.url, 'SELECT * FROM star'])
  expect(code).toBe(0)
  expect(json<{ columns: { name: string }[] }>().columns.map(({ name }) => name)).toEqual(['ra', 'dec'])
})
