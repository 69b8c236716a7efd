import { expect, test } from 'vitest'
import { QservAnswerError, QservRefusedError, QservSchemaError } from '../../shared/qserv/errors.ts'
import type { ResultColumn } from '../../shared/qserv/result-column.ts'
import { scanResult } from '../../shared/qserv/scan-result.ts'
import type { Field } from '../../shared/votable/field.ts'
import { chooseFormat } from '../../shared/votable/formats.ts'
import { writeResult } from '../../shared/votable/write-result.ts'

/** Columns with the FIELD that each becomes, and the type that Qserv says. */
const ALL: readonly (readonly [kind: ResultColumn['kind'], field: Omit<Field, 'name'>, type: string, binary?: 1])[] = [
  ['boolean', { datatype: 'boolean' }, 'TINYINT(1)'],
  ['unsignedByte', { datatype: 'unsignedByte' }, 'TINYINT(3)'],
  ['short', { datatype: 'short' }, 'SMALLINT(6)'],
  ['int', { datatype: 'int' }, 'INT(11)'],
  ['long', { datatype: 'long' }, 'BIGINT(20)'],
  ['float', { datatype: 'float' }, 'FLOAT'],
  ['double', { datatype: 'double' }, 'DOUBLE'],
  ['text', { datatype: 'char', arraysize: '*' }, 'VARCHAR(400)'],
  ['timestamp', { datatype: 'char', arraysize: '*', xtype: 'timestamp' }, 'DATETIME(6)'],
  ['bytes', { datatype: 'unsignedByte', arraysize: '*' }, 'VARBINARY(20)', 1],
]

function only(...kinds: readonly ResultColumn['kind'][]) {
  const chosen = kinds.map((kind) => ALL.find((row) => row[0] === kind)!)
  return {
    columns: chosen.map(([kind], index) => ({ name: `c${index}`, kind })),
    fields: chosen.map(([, field], index): Field => ({ name: `c${index}`, ...field })),
    schema: chosen.map(([, , type, binary = 0], index) => ({
      column: `c${index}`,
      is_binary: binary,
      table: '',
      type,
    })),
  }
}

async function* cut(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.subarray(at, at + size))
}

interface Reading {
  readonly size?: number
  readonly maxRows?: number
  readonly nullText?: boolean
  readonly format?: string
}

async function read(shape: ReturnType<typeof only>, document: string, options: Reading = {}): Promise<string> {
  const { size = 1 << 20, maxRows = 1000, nullText = true, format = 'csv' } = options
  const rows = scanResult(cut(document, size), { columns: shape.columns, maxRows, nullText })
  let text = ''
  const written = writeResult(
    rows,
    { fields: shape.fields, infos: [], services: [] },
    { format: chooseFormat(format)!, maxRows, onError: 'throw', describeError: String },
  )
  for await (const part of written) text += Buffer.from(part).toString()
  return text.replaceAll('\r\n', '\n')
}

function documentOf(shape: ReturnType<typeof only>, rows: readonly (readonly (string | null)[])[], more: object = {}) {
  const content = { error: '', error_ext: {}, rows, schema: shape.schema, success: 1, warning: '', ...more }
  return JSON.stringify(content)
}

const every = only(...ALL.map(([kind]) => kind))
const ROWS = [
  ['1', '200', '-32768', '2147483647', '-9223372036854775808', '0.1', '51.5508603', 'x', '2026-11-27 05:43:59', '00FF'],
  [
    '0',
    '0',
    '7',
    '-1',
    '9223372036854775807',
    '-1e30',
    '1e-30',
    'a "b" \\ \u0000 ü 🌟',
    '2026-11-27 05:43:59.500000',
    '',
  ],
  Array(10).fill('NULL'),
  Array(10).fill(null),
  ['1', '12.0', '3e2', '2147483647.000', '1e15', '5', '-0', '', '0000-00-00 00:00:00', 'ab'],
]

test('§1.6, §2.6 0.4.0 every kind of value, wherever the bytes are cut', async () => {
  const document = documentOf(every, ROWS)
  const whole = await read(every, document)
  expect(whole.split('\n').slice(1, 6)).toEqual([
    'true,200,-32768,2147483647,-9223372036854775808,0.1,51.5508603,x,2026-11-27T05:43:59,0 255',
    'false,0,7,-1,9223372036854775807,-1e+30,1e-30,"a ""b"" \\ \u0000 ü 🌟",2026-11-27T05:43:59.5,""',
    ',,,,,,,,,',
    ',,,,,,,,,',
    'true,12,300,2147483647,1000000000000000,5,-0,"",,171',
  ])
  for (const size of [1, 2, 3, 7, 64, 501]) expect(await read(every, document, { size })).toBe(whole)
  const spaced = JSON.stringify(JSON.parse(document), null, 2)
  expect(await read(every, spaced, { size: 5 })).toBe(whole)
  const { rows, ...others } = JSON.parse(document)
  expect(await read(every, JSON.stringify({ ...others, rows }))).toBe(whole)
})

test('§1.6 a text of NULL is NULL, or text where the environment says so', async () => {
  const shape = only('text', 'int')
  const document = documentOf(shape, [['NULL', 'NULL']])
  expect(await read(shape, document, { format: 'votable/td' })).toContain('<TR><TD/><TD/></TR>')
  expect(await read(shape, document, { nullText: false, format: 'votable/td' })).toMatch(
    /<TR><TD>NULL<\/TD><TD\/><\/TR>/,
  )
})

test('§1.6 doubles of all lengths are the nearest ones', async () => {
  const shape = only('double')
  const values: number[] = [0, 5e-324, Number.MAX_VALUE, 2 ** 53 + 2, 123456789012345.67, 0.1 + 0.2]
  let seed = 1
  const random = () => {
    seed = (seed * 48271) % 2147483647
    return seed / 2147483647
  }
  const bits = new DataView(new ArrayBuffer(8))
  for (let n = 0; n < 20_000; n++) {
    values.push(
      random() * 10 ** Math.floor(random() * 12 - 4),
      Number((random() * 1e6).toFixed(Math.floor(random() * 12))),
    )
    bits.setUint32(0, random() * 2 ** 32)
    bits.setUint32(4, random() * 2 ** 32)
    const any = bits.getFloat64(0)
    if (Number.isFinite(any)) values.push(any)
  }
  const texts = values.map((value) => String(value).replace('e+', 'e'))
  // Seventeen and eighteen digits that lie anywhere between two doubles.
  for (let n = 0; n < 20_000; n++)
    texts.push(`${Math.floor(random() * 1000)}.${String(random()).slice(2, 17)}${n % 10}`)
  const found: number[] = []
  const rows = scanResult(
    cut(
      documentOf(
        shape,
        texts.map((text) => [text]),
      ),
      65_536,
    ),
    {
      ...{ columns: shape.columns, maxRows: 1e6, nullText: true },
    },
  )
  const parts: Buffer[] = []
  for await (const part of rows) parts.push(part)
  const all = Buffer.concat(parts)
  for (let at = 19; at + 14 <= all.length; at += 14) found.push(all.readDoubleBE(at + 6))
  const wrong = texts.filter((text, index) => !Object.is(found[index], Number(text)))
  expect(wrong).toEqual([])
})

test.each([
  ['a short row', '[["1"]]', QservAnswerError, /1 values where 2/],
  ['a long row', '[["1","2","3"]]', QservAnswerError, /more than 2 values/],
  ['a value without quotes', '[[1,"2"]]', QservAnswerError, /without quotes/],
  ['text for a number', '[["x","2"]]', QservSchemaError, /"x" in column c0, which does not fit its type int/],
  ['a number that is too large', '[["2147483648","2"]]', QservSchemaError, /2147483648/],
  [
    'an unsigned number of 64 bits',
    '[["1","18446744073709551615"]]',
    QservSchemaError,
    /18446744073709551615.*c1.*long/,
  ],
  ['half a number', '[["1","1.5"]]', QservSchemaError, /"1.5" in column c1/],
  ['rows that are no list', '5', QservAnswerError, /no `rows`/],
])('§1.6 %s is no result', async (_, rows, kind, message) => {
  const shape = only('int', 'long')
  const document = documentOf(shape, []).replace('"rows":[]', `"rows":${rows}`)
  await expect(read(shape, document)).rejects.toThrow(kind)
  await expect(read(shape, document, { size: 3 })).rejects.toThrow(message)
})

test.each([
  ['success 0 at its end', { success: 0, error: '' }, QservRefusedError, /gives no reason/],
  ['an error at its start', { error: 'too bad' }, QservRefusedError, /too bad/],
  ['no schema', { schema: undefined }, QservAnswerError, /does not say its columns/],
  ['no success', { success: undefined }, QservAnswerError, /does not say `success`/],
  ['another number of columns', { schema: [] }, QservSchemaError, /0 columns, the query 2/],
  [
    'another type',
    { schema: [{ type: 'VARCHAR(20)' }, { type: 'INT(11)' }] },
    QservSchemaError,
    /Column c0 is VARCHAR\(20\) in Qserv, but TAP_SCHEMA describes it as int/,
  ],
  ['binary for a number', { schema: [{ type: 'INT(11)', is_binary: 1 }, { type: 'INT(11)' }] }, QservSchemaError, /c0/],
])('§1.6 %s is found before the document counts', async (_, more, kind, message) => {
  const shape = only('int', 'long')
  const document = documentOf(shape, [['1', '2']], more)
  await expect(read(shape, document)).rejects.toThrow(kind)
  await expect(read(shape, document, { size: 4 })).rejects.toThrow(message)
  // Also where the writer has all the rows that it wants before the end.
  await expect(
    read(
      shape,
      documentOf(
        shape,
        [
          ['1', '2'],
          ['3', '4'],
        ],
        more,
      ),
      { maxRows: 1 },
    ),
  ).rejects.toThrow(message)
})

test('§1.6 a document that ends early is none, wherever it ends', async () => {
  const document = documentOf(every, ROWS)
  for (let length = 0; length < document.length; length += 13) {
    await expect(read(every, document.slice(0, length)), String(length)).rejects.toThrow(/cannot be read/)
  }
  await expect(read(every, `${document}x`)).rejects.toThrow(/more after its end/)
})

test('§1.6 the row that tells an overflow comes after the check, and no others', async () => {
  const shape = only('int')
  const rows = Array.from({ length: 5 }, (_, index) => [String(index)])
  expect(await read(shape, documentOf(shape, rows), { maxRows: 2, size: 2, format: 'votable/td' })).toContain(
    'OVERFLOW',
  )
  expect(await read(shape, documentOf(shape, rows), { maxRows: 5, format: 'votable/td' })).not.toContain('OVERFLOW')
})

test('§1.6 columns of one name are told apart by their place, and no rows are a result', async () => {
  const shape = only('int', 'text')
  const schema = shape.schema.map((column) => ({ ...column, column: 'a' }))
  expect(await read(shape, documentOf({ ...shape, schema }, [['1', 'x']]))).toContain('1,x')
  expect(await read(shape, documentOf({ ...shape, schema }, []))).toBe('c0,c1\n')
})

test('§2.5.5 texts are not cut within a character, and those of any length are not cut', async () => {
  const shape = only('text')
  const document = documentOf(shape, [['星🌟x'], ['ab🌟'], ['🌟🌟']])
  const cells = async (arraysize: string) => {
    const fields: Field[] = [{ name: 'c0', datatype: 'char', arraysize }]
    const text = await read({ ...shape, fields }, document, { format: 'votable/td' })
    return [...text.matchAll(/<TD>(.*?)<\/TD>/g)].map(([, cell]) => cell)
  }
  expect(await cells('4')).toEqual(['星', 'ab', '🌟'])
  expect(await cells('*')).toEqual(['星🌟x', 'ab🌟', '🌟🌟'])
})

/** As Qserv names MariaDB's types, with what TAP_SCHEMA may call them. */
const TYPES: readonly (readonly [type: string, kind: ResultColumn['kind'], value: string, csv: string])[] = [
  ['TINYINT(1)', 'boolean', '1', 'true'],
  ['BIT(1)', 'boolean', '01', 'true'],
  ['TINYINT(3)', 'unsignedByte', '255', '255'],
  ['SMALLINT(6)', 'short', '-7', '-7'],
  ['YEAR', 'short', '2026', '2026'],
  ['MEDIUMINT', 'int', '8388607', '8388607'],
  ['INT(11)', 'int', '-1', '-1'],
  ['BIGINT(20)', 'long', '12', '12'],
  ['DECIMAL(20,0)', 'long', '12', '12'],
  ['FLOAT', 'float', '0.5', '0.5'],
  ['DECIMAL(10,2)', 'double', '1.50', '1.5'],
  ['DOUBLE', 'double', '1e-30', '1e-30'],
  ['DATE', 'timestamp', '2026-11-27', '2026-11-27'],
  ['DATETIME', 'timestamp', '2026-11-27 05:43:59', '2026-11-27T05:43:59'],
  ['TIMESTAMP(6)', 'timestamp', '2026-11-27 05:43:59.250000', '2026-11-27T05:43:59.25'],
  ['TIME', 'text', '05:43:59', '05:43:59'],
  ...['CHAR(4)', 'VARCHAR(9)', 'TINYTEXT', 'TEXT', 'MEDIUMTEXT', 'LONGTEXT', 'ENUM??', 'SET??'].map(
    (type) => [type, 'text', 'a b', 'a b'] as const,
  ),
  ...['BINARY(2)', 'VARBINARY(9)', 'TINYBLOB', 'BLOB', 'MEDIUMBLOB', 'LONGBLOB'].map(
    (type) => [type, 'bytes', '0AFF', '10 255'] as const,
  ),
  ...(['int', 'text', 'timestamp', 'bytes'] as const).map((kind) => ['NULL', kind, 'NULL', ''] as const),
]

test.each(TYPES)('§1.6 a column of %s is read as %s', async (type, kind, value, csv) => {
  const shape = only(kind)
  const is_binary = /BINARY|BLOB|BIT/.test(type) ? 1 : 0
  const document = documentOf({ ...shape, schema: [{ column: 'c0', is_binary, table: '', type }] }, [[value], [null]])
  expect(await read(shape, document)).toBe(`c0\n${csv}\n\n`)
})

test.each(ALL.map(([kind]) => kind))('§1.6 GEOMETRY is not read as %s', async (kind) => {
  const shape = only(kind)
  const document = documentOf({ ...shape, schema: [{ column: 'c0', is_binary: 0, table: '', type: 'GEOMETRY' }] }, [])
  await expect(read(shape, document)).rejects.toThrow(
    `Column c0 is GEOMETRY in Qserv, but TAP_SCHEMA describes it as ${kind}`,
  )
})
