import { parquetReadObjects } from 'hyparquet'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CopyOut } from '../../shared/query/postgresql/copy-out.ts'
import type { Field } from '../../shared/votable/field.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { readCsv } from '../support/read-delimited.ts'
import { readVotable, type Value } from '../support/read-votable.ts'
import { writeWhole } from '../support/write-table.ts'

type Case = readonly [field: Omit<Field, 'name'>, sql: string, value: Value, text: string]

/** A value of each type as PostgreSQL has it, as a reader of BINARY2 has it, and as CSV has it. */
const CASES: readonly Case[] = [
  [{ datatype: 'boolean' }, 'true', true, 'true'],
  [{ datatype: 'unsignedByte' }, '200::smallint', 200, '200'],
  [{ datatype: 'short' }, '(-32768)::smallint', -32768, '-32768'],
  [{ datatype: 'int' }, '(-2147483648)::integer', -2147483648, '-2147483648'],
  [{ datatype: 'long' }, '9223372036854775807::bigint', 9223372036854775807n, '9223372036854775807'],
  [{ datatype: 'float' }, '0.1::real', Math.fround(0.1), '0.1'],
  [{ datatype: 'float' }, "'-Infinity'::real", Number.NEGATIVE_INFINITY, '-Infinity'],
  [{ datatype: 'double' }, '1e-7::float8', 1e-7, '1e-7'],
  [{ datatype: 'double' }, "'NaN'::float8", Number.NaN, 'NaN'],
  [{ datatype: 'double' }, "'Infinity'::float8", Number.POSITIVE_INFINITY, 'Infinity'],
  [{ datatype: 'char', arraysize: '*' }, '\'Ångström, "Å"\'::text', 'Ångström, "Å"', 'Ångström, "Å"'],
  [{ datatype: 'unicodeChar', arraysize: '*' }, "'🔭'::text", '🔭', '🔭'],
  [{ datatype: 'char', arraysize: '*' }, "''::text", '', ''],
  [
    { datatype: 'char', arraysize: '*', xtype: 'timestamp' },
    `to_char(timestamp '2026-11-27 04:08', 'YYYY-MM-DD"T"HH24:MI:SS')`,
    '2026-11-27T04:08:00',
    '2026-11-27T04:08:00',
  ],
  [{ datatype: 'double', arraysize: '2', xtype: 'point' }, 'array[10.5, -20]::float8[]', [10.5, -20], '10.5 -20'],
  [{ datatype: 'double', arraysize: '3', xtype: 'circle' }, 'array[1, 2, 0.5]::float8[]', [1, 2, 0.5], '1 2 0.5'],
  [
    { datatype: 'double', arraysize: '*', xtype: 'polygon' },
    'array[1, 2, 3, 4, 5, 6]::float8[]',
    [1, 2, 3, 4, 5, 6],
    '1 2 3 4 5 6',
  ],
  [{ datatype: 'int', arraysize: '*' }, "'{1,2,3}'::integer[]", [1, 2, 3], '1 2 3'],
  [{ datatype: 'int', arraysize: '*' }, "'{}'::integer[]", [], ''],
  [{ datatype: 'int', arraysize: '3x2' }, "'{{1,2,3},{4,5,6}}'::integer[]", [1, 2, 3, 4, 5, 6], '1 2 3 4 5 6'],
  // Bounds of its own change nothing.
  [{ datatype: 'short', arraysize: '*' }, "'[5:6]={7,8}'::smallint[]", [7, 8], '7 8'],
  [{ datatype: 'long', arraysize: '2' }, "'{1,-1}'::bigint[]", [1n, -1n], '1 -1'],
  [{ datatype: 'float', arraysize: '*' }, "'{0.1,NULL}'::real[]", [Math.fround(0.1), Number.NaN], '0.1 NaN'],
  [{ datatype: 'boolean', arraysize: '*' }, "'{t,NULL,f}'::boolean[]", [true, null, false], 'true ? false'],
  [{ datatype: 'unsignedByte', arraysize: '*' }, "'\\x00ff'::bytea", [0, 255], '0 255'],
  [{ datatype: 'bit', arraysize: '*' }, "b'1010000011'::varbit", '1010000011', '1 0 1 0 0 0 0 0 1 1'],
  [{ datatype: 'bit', arraysize: '4' }, "b'1001'::bit(4)", '1001', '1 0 0 1'],
  [{ datatype: 'floatComplex' }, "'{1,-2}'::real[]", [1, -2], '1 -2'],
]

const fields: readonly Field[] = CASES.map(([field], index) => ({ name: `c${index}`, ...field }))
const items = CASES.map(([, sql], index) => `${sql} as c${index}`).join(', ')
const SELECT = `select value.* from (select ${items}) value
  right join generate_series(1, 3) i on i <> 2 order by i`

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await createTestDatabase({ initialised: false, keep: true })
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

function copy(): AsyncIterable<Uint8Array> {
  const copying = new CopyOut(`copy (${SELECT}) to stdout (format binary)`, 65_536)
  client.query(copying)
  return copying.read()
}

const values = CASES.map(([, , value]) => value)
const nulls = CASES.map(() => null)

it('every type of a real COPY comes back from BINARY2, with NULL between', async () => {
  const { rows } = readVotable(await writeWhole(copy(), { fields }, 'votable'))
  expect(rows).toEqual([values, nulls, values])
})

it('every type is written as text', async () => {
  const texts = CASES.map(([, , , text]) => text)
  const [, ...lines] = readCsv((await writeWhole(copy(), { fields }, 'csv')).toString())
  expect(lines).toEqual([texts, nulls, texts])
  const infinite = texts.map((text) => text.replace(/^(-?)Infinity$/, (_, sign) => `${sign || '+'}Inf`))
  const { texts: cells } = readVotable(await writeWhole(copy(), { fields }, 'votable/td'))
  expect(cells).toEqual([infinite, CASES.map(() => ''), infinite])
})

it('every type is a value of Parquet', async () => {
  const file = await writeWhole(copy(), { fields }, 'parquet')
  const rows = await parquetReadObjects({ file: new Uint8Array(file).buffer })
  const expected = CASES.map(([{ datatype }, , value]) => {
    if (datatype === 'bit') return Array.from(String(value), (bit) => bit === '1')
    return datatype === 'float' && Array.isArray(value) ? [value[0], null] : value
  })
  const read = rows.map((row) => fields.map(({ name }) => row[name] ?? null))
  expect(read).toEqual([expected, nulls, expected])
})
