import { expect, test } from 'vitest'
import { ColumnList, type QservPlacement, type TableMetadata } from '../../shared/adql/metadata.ts'
import { parseQuery } from '../../shared/adql/parse.ts'
import { resolveQuery } from '../../shared/adql/resolve.ts'
import { TableSet } from '../../shared/adql/table-set.ts'
import { BIGINT, DOUBLE } from '../../shared/adql/value-type.ts'
import { writeMultipart } from '../../shared/qserv/multipart.ts'
import { placeUpload } from '../../shared/query/qserv/upload-placement.ts'
import { ingestColumns, writeIngestRows } from '../../shared/query/qserv/upload-table.ts'
import { describeUpload } from '../../shared/query/upload-metadata.ts'
import type { Field } from '../../shared/votable/field.ts'
import type { UploadedTable } from '../../shared/votable/uploaded-table.ts'
import { copyBinary, inChunks, type PgType, type PgValue } from '../support/copy-binary.ts'

function table(tapName: string, id: string, qserv: QservPlacement): TableMetadata {
  const [schema = '', name = ''] = tapName.split('.')
  const column = (text: string, type = DOUBLE) => ({ name: { text, delimited: false }, type })
  const columns = [column(id, BIGINT), column('ra'), column('dec'), column('flux')]
  return {
    ...{ schema: { text: schema, delimited: false }, name: { text: name, delimited: false }, tapName, qserv },
    ...{ columns: new ColumnList(columns), positions: [] },
  }
}

const fields: readonly Field[] = [
  { name: 'n', datatype: 'long' },
  { name: 'ra', datatype: 'double' },
  { name: 'dec', datatype: 'double' },
]
const upload = describeUpload(
  { name: 'mine', table: { fields, sqlTypes: [], rows: (async function* () {})(), close: async () => {} } },
  { schema: 'user_tap_1', name: 't1' },
)
const tables = new TableSet([
  table('dp1.Object', 'objectId', { kind: 'director', id: 'objectId' }),
  table('dp1.Source', 'objectId', { kind: 'child', id: 'objectId', director: 'dp1.Object' }),
  upload,
])
const placed = (adql: string) => placeUpload(resolveQuery(parseQuery(adql), tables), upload)

const DIRECTOR = { is_partitioned: '1', is_director: '1', longitude_col_name: 'c2', latitude_col_name: 'c3' }
const DEPENDENT = {
  ...{ is_partitioned: '1', is_director: '0', id_col_name: 'c1' },
  ...{ ref_director_database: 'dp1', ref_director_table: 'Object', ref_director_id_col_name: 'objectId' },
}

test.each([
  ['o, TAP_UPLOAD.mine AS t WHERE DISTANCE(o.ra, o.dec, t.ra, t.dec) < 0.1', DIRECTOR],
  ['o, TAP_UPLOAD.mine AS t WHERE DISTANCE(POINT(t.ra, t.dec), POINT(o.ra, o.dec)) < 0.1', DIRECTOR],
  ['o, TAP_UPLOAD.mine AS t WHERE 1 = CONTAINS(POINT(t.ra, t.dec), CIRCLE(o.ra, o.dec, 0.1))', DIRECTOR],
  ['o JOIN TAP_UPLOAD.mine AS t ON t.n = o.objectId', DEPENDENT],
  ['o JOIN TAP_UPLOAD.mine AS t ON o.objectId = t.n WHERE o.flux > 1', DEPENDENT],
  ['o JOIN TAP_UPLOAD.mine AS t ON o.flux = t.n', {}],
  ['o, TAP_UPLOAD.mine AS t WHERE DISTANCE(o.ra, o.dec, 1, 2) < 0.1', {}],
])('§1.7 an upload is held as its query needs it: dp1.Object AS %s', (from, placement) => {
  expect(placed(`SELECT o.flux FROM dp1.Object AS ${from}`)).toEqual(placement)
})

test('of a child, the director is the one that it belongs to', () => {
  expect(placed('SELECT s.flux FROM dp1.Source AS s JOIN TAP_UPLOAD.mine AS t ON s.objectId = t.n')).toEqual(DEPENDENT)
})

const ROWS: readonly (readonly [Field, string, PgType | null, readonly PgValue[], string, readonly string[]])[] = [
  [{ name: 'a', datatype: 'boolean' }, 'boolean', 'bool', [true, null], 'BOOLEAN', ['1', '\\N']],
  [{ name: 'b', datatype: 'unsignedByte' }, 'smallint', 'int2', [255, 0], 'TINYINT UNSIGNED', ['255', '0']],
  [{ name: 'c', datatype: 'short' }, 'smallint', 'int2', [-5, 7], 'SMALLINT', ['-5', '7']],
  [{ name: 'd', datatype: 'int' }, 'integer', 'int4', [-5, 7], 'INT', ['-5', '7']],
  [{ name: 'e', datatype: 'long' }, 'bigint', 'int8', [2n ** 62n, -1n], 'BIGINT', ['4611686018427387904', '-1']],
  [{ name: 'f', datatype: 'double' }, 'float8', 'float8', [0.1, Number.NaN], 'DOUBLE', ['0.1', '\\N']],
  [{ name: 'g', datatype: 'char', arraysize: '8*' }, 'text', 'text', ['a\tb\\', ''], 'VARCHAR(8)', ['a\\tb\\\\', '']],
  [{ name: 'h', datatype: 'unicodeChar', arraysize: '*' }, 'text', 'text', ['星\n', 'NULL'], 'TEXT', ['星\\n', 'NULL']],
]

test('§1.7, §2.6 1.2.0 rows of every type become CSV that Qserv reads', async () => {
  const columns = ROWS.map(([field]) => field)
  const bytes = copyBinary(
    ROWS.map(([, , type]) => type!),
    [0, 1].map((row) => ROWS.map(([, , , values]) => values[row]!)),
  )
  const given = { fields: columns, sqlTypes: ROWS.map(([, sqlType]) => sqlType), close: async () => {} }
  const chunks: Buffer[] = []
  for await (const chunk of writeIngestRows({ ...given, rows: inChunks(bytes, [7, 1, 50]) })) chunks.push(chunk)
  const lines = [0, 1].map((row) => ROWS.map(([, , , , , texts]) => texts[row]).join('\t'))
  expect(Buffer.concat(chunks).toString()).toBe(`${lines.join('\n')}\n`)
  expect(ingestColumns(given)).toEqual(ROWS.map(([, , , , type], index) => ({ name: `c${index + 1}`, type })))
  expect(() =>
    ingestColumns({ fields: [{ name: 'x', datatype: 'double', arraysize: '2' }], sqlTypes: ['float8[]'] }),
  ).toThrow(/column x of a table .* is an array/)
})

test('§2.6 7.0.0 a table is sent while it is read: never as a whole in memory', async () => {
  let read = 0
  const chunk = copyBinary(['text'], Array(100).fill(['x'.repeat(1_000)]))
  async function* rows() {
    // The head of the first, the end of the last.
    yield chunk.subarray(0, -2)
    for (; read < 500; read++) yield chunk.subarray(19, -2)
    yield chunk.subarray(-2)
  }
  const table = { fields: [{ name: 'a', datatype: 'char', arraysize: '*' }], sqlTypes: ['text'], close: async () => {} }
  const content = writeIngestRows({ ...table, rows: rows() } as UploadedTable)
  const { body } = writeMultipart({ fields: {}, files: [{ name: 'rows', content }] })
  const [first] = (await body.take(1).toArray()) as Buffer[]
  expect(String(first)).toContain('name="rows"')
  expect(read).toBeLessThan(10)
})
