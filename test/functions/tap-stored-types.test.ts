import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Datatype, valueTypeOf } from '../../shared/adql/value-type.ts'
import { fits } from '../../shared/tables/column-fits.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { readAnswer, startTap, type TapUnderTest } from './tap-service.ts'

interface Case {
  readonly datatype: Datatype
  readonly arraysize?: string
  readonly xtype?: string
  /** As PostgreSQL calls it. */
  readonly stored: string
  readonly value: string
  readonly csv: string
}

/** What TAP_SCHEMA says of a column, in what it is stored, and what a client must get. */
const CASES: readonly Case[] = [
  { datatype: 'float', arraysize: '2', xtype: 'point', stored: 'real[]', value: "'{10.1,20}'", csv: '10.1 20' },
  { datatype: 'double', arraysize: '2', xtype: 'point', stored: 'real[]', value: "'{10.5,20}'", csv: '10.5 20' },
  { datatype: 'char', arraysize: '*', xtype: 'adql:POINT', stored: 'text', value: "'10 20'", csv: '10 20' },
  { datatype: 'int', arraysize: '2', xtype: 'point', stored: 'integer[]', value: "'{1,2}'", csv: '1 2' },
  { datatype: 'double', xtype: 'adql:TIMESTAMP', stored: 'double precision', value: '59000.5', csv: '59000.5' },
  { datatype: 'floatComplex', stored: 'double precision[]', value: "'{1,-2}'", csv: '1 -2' },
  { datatype: 'floatComplex', arraysize: '*', stored: 'real[]', value: "'{1,2,3,4}'", csv: '1 2 3 4' },
  { datatype: 'doubleComplex', stored: 'real[]', value: "'{1,-2}'", csv: '1 -2' },
  { datatype: 'bit', stored: 'bit', value: "b'1'", csv: '1' },
  { datatype: 'bit', arraysize: '*', stored: 'bit varying', value: "b'1011'", csv: '1 0 1 1' },
  { datatype: 'unsignedByte', stored: 'smallint', value: '255', csv: '255' },
  { datatype: 'unsignedByte', arraysize: '*', stored: 'bytea', value: "'\\x00ff'", csv: '0 255' },
]

/** As text; years before 1 as in ISO 8601. What is no time is like NULL. */
const TIMES = [
  ['2026-11-27 04:08:00.5', '2026-11-27T04:08:00.5'],
  ['0001-01-01', '0001-01-01T00:00:00'],
  ['0001-12-31 BC', '0000-12-31T00:00:00'],
  ['0044-03-15 12:00:00.25 BC', '-0043-03-15T12:00:00.25'],
  ['12026-11-27', '12026-11-27T00:00:00'],
  ['infinity', ''],
  ['-infinity', ''],
] as const

/** None of these is what TAP_SCHEMA says, and no cast makes it so. */
const MISFITS: readonly Omit<Case, 'csv'>[] = [
  { datatype: 'unsignedByte', arraysize: '*', stored: 'smallint[]', value: "'{1,255}'" },
  { datatype: 'bit', stored: 'boolean', value: 'true' },
]

const ALL = [...CASES, ...MISFITS].map((column, index) => ({ name: `c${index}`, ...column }))

let tap: TapUnderTest
beforeAll(async () => {
  tap = await startTap({
    keep: true,
    tables: `
      create schema survey;
      create table survey.object (id integer, ${ALL.map(({ name, stored }) => `${name} ${stored}`).join(', ')});
      insert into survey.object values (1, ${ALL.map(({ value }) => value).join(', ')});
      insert into survey.object (id) values (2);
      create table survey.times (id integer, t timestamp, zoned timestamptz, dated date);
      insert into survey.times values ${TIMES.map(([time], id) => `(${id}, '${time}', '${time}', '${time}')`).join(', ')}`,
    files: new Map([
      [
        'survey.yaml',
        sampleSchema('survey', {
          object: [{ name: 'id', datatype: 'int' }, ...ALL.map(({ name }) => ({ name }))],
          times: [
            { name: 'id', datatype: 'int' },
            ...['t', 'zoned', 'dated'].map((name) => ({ name, datatype: 'timestamp' })),
          ],
        }),
      ],
    ]),
  })
  for (const { name, datatype, arraysize = null, xtype = null } of ALL)
    await tap.database.pool.query(
      `update tap_schema.columns set datatype = $2, arraysize = $3, xtype = $4 where column_name = $1`,
      [name, datatype, arraysize, xtype],
    )
})
afterAll(() => tap.stop())

const isFit = ({ datatype, arraysize, xtype, stored }: Omit<Case, 'csv'>) =>
  fits(
    valueTypeOf(datatype, arraysize, xtype),
    { type: stored, isEnum: false } as Parameters<typeof fits>[1],
    'portable',
  )

test('a column is answered as what TAP_SCHEMA says of it, in whatever type that fits it is stored', async () => {
  expect(CASES.filter((column) => !isFit(column))).toEqual([])
  const names = ALL.slice(0, CASES.length).map(({ name }) => name)
  const { text } = await tap.query(`SELECT ${names.join(', ')} FROM survey.object ORDER BY id`, {
    RESPONSEFORMAT: 'csv',
  })
  const nulls = CASES.map(() => '')
  const lines = [names, CASES.map(({ csv }) => csv), nulls].map((cells) => `${cells.join(',')}\r\n`)
  expect(text).toBe(lines.join(''))
})

test('a column stored in a type that does not fit is no answer, and check-tables finds it', async () => {
  expect(MISFITS.filter(isFit)).toEqual([])
  for (const { name } of ALL.slice(CASES.length))
    expect((await tap.query(`SELECT ${name} FROM survey.object`)).status).toBe(500)
})

test('shapes in text stand beside shapes in numbers, each with its word', async () => {
  const { text } = await tap.query('SELECT COALESCE(c2, c1) AS shape FROM survey.object ORDER BY id', {
    RESPONSEFORMAT: 'csv',
  })
  expect(text).toBe('shape\r\npoint 10 20\r\n\r\n')
})

test('timestamps come in the form of DALI in every format, whatever PostgreSQL makes of them', async () => {
  // Years before 0 and after 9999 have no form in DALI.
  const dali = (text: string) => (/^\d{4}-/.test(text) ? text : '')
  const rows = TIMES.map(([, text]) => [dali(text), dali(text), dali(text).replace(/T.*/, 'T00:00:00'), text])
  const query = 'SELECT t, zoned, dated, CAST(t AS VARCHAR) AS c FROM survey.times ORDER BY id'
  const csv = await tap.query(query, { RESPONSEFORMAT: 'csv' })
  const tsv = await tap.query(query, { RESPONSEFORMAT: 'tsv' })
  expect(csv.text).toBe(`t,zoned,dated,c\r\n${rows.map((row) => `${row.join()}\r\n`).join('')}`)
  expect(tsv.text).toBe(csv.text.replaceAll(',', '\t').replaceAll('\r', ''))
  const tabledata = readAnswer(await tap.query(query, { RESPONSEFORMAT: 'votable/td' }))
  expect(tabledata.texts).toEqual(rows)
  const binary = readAnswer(await tap.query(query))
  expect(binary.rows).toEqual(rows.map((row) => row.map((text) => (text === '' ? null : text))))
  const order = await tap.query('SELECT id FROM survey.times ORDER BY t', { RESPONSEFORMAT: 'csv' })
  expect(order.text).toBe('id\r\n6\r\n3\r\n2\r\n1\r\n0\r\n4\r\n5\r\n')
  const union = await tap.query(
    "SELECT t FROM survey.times WHERE id IN (3, 5) UNION SELECT CAST('2020-01-01' AS TIMESTAMP) FROM survey.times",
    { RESPONSEFORMAT: 'csv' },
  )
  expect(union.text.split('\r\n').sort()).toEqual(['', '', '2020-01-01T00:00:00', 't'])
})
