import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Field } from '../../shared/votable/field.ts'
import { chooseFormat } from '../../shared/votable/formats.ts'
import { writeResult } from '../../shared/votable/write-result.ts'
import { HAS_STILTS, needs, pythonWith, runStilts } from '../support/clients.ts'
import { copyBinary, inChunks, type PgType, type PgValue } from '../support/copy-binary.ts'

/** Programs that astronomers read results with, where they are installed. */
const ASTROPY = pythonWith('astropy')
const PYARROW = pythonWith('pyarrow')

type Column = readonly [field: Field, type: PgType, ...values: PgValue[]]

const COLUMNS: readonly Column[] = [
  [{ name: 'id', datatype: 'long', ucd: 'meta.id;meta.main' }, 'int8', 1n, -(2n ** 63n), 2n ** 63n - 1n],
  [{ name: 'name', datatype: 'unicodeChar', arraysize: '*' }, 'text', 'β Cyg A & "B" 🔭', ' <x>\ty\n ', null],
  [{ name: 'code', datatype: 'char', arraysize: '4' }, 'text', 'ab', 'abcdef', null],
  [{ name: 'note', datatype: 'char', arraysize: '20*' }, 'text', 'short', 'a,b', null],
  [{ name: 'flag', datatype: 'boolean' }, 'bool', true, false, null],
  [{ name: 'byte', datatype: 'unsignedByte' }, 'int2', 0, 255, null],
  [{ name: 'small', datatype: 'short' }, 'int2', -32768, 32767, null],
  [{ name: 'number', datatype: 'int' }, 'int4', -2147483648, 0, null],
  [{ name: 'mag', datatype: 'float', unit: 'mag' }, 'float4', 12.3, 1e-30, null],
  [{ name: 'ra', datatype: 'double', unit: 'deg' }, 'float8', 0.1, -1.7976931348623157e308, null],
  [
    { name: 'time', datatype: 'char', arraysize: '*', xtype: 'timestamp' },
    ...(['text', '2026-11-27T04:08:00', '1999-01-01', null] as const),
  ],
  // Never NULL: STILTS 3.4 wants two numbers even in a cell of TABLEDATA that is empty.
  [{ name: 'position', datatype: 'double', arraysize: '2', xtype: 'point' }, 'float8[]', [10.5, -20], [0, 90], [1, 2]],
  [{ name: 'fluxes', datatype: 'double', arraysize: '*' }, 'float8[]', [1, 2, 3], [0.5], null],
  [{ name: 'counts', datatype: 'int', arraysize: '*' }, 'int4[]', [1, 2, 3], [7], null],
  [{ name: 'mask', datatype: 'boolean', arraysize: '*' }, 'bool[]', [true, false], [false], null],
  [
    { name: 'bytes', datatype: 'unsignedByte', arraysize: '*' },
    'bytea',
    Uint8Array.of(0, 128, 255),
    Uint8Array.of(1),
    null,
  ],
]

/** The votlint of STILTS 3.4 does not find the end of a polygon in BINARY2. */
const POLYGON: Column = [
  { name: 'region', datatype: 'double', arraysize: '*', xtype: 'polygon' },
  ...(['float8[]', [1, 2, 3, 4, 5, 6], [0.5, 1, 2, 3, 4, 5, 6, 7], null] as const),
]
/** In BINARY2, astropy takes the number of elements for the number of rows. */
const MATRIX: Column = [
  { name: 'matrix', datatype: 'float', arraysize: '2x*' },
  ...([
    'float4[]',
    [
      [1, 2],
      [3, 4],
    ],
    [[0.5, -0.5]],
    null,
  ] as const),
]

const fieldsOf = (columns: readonly Column[]) => columns.map(([field]) => field)
const rowsOf = (columns: readonly Column[]) =>
  copyBinary(
    columns.map(([, type]) => type),
    [0, 1, 2].map((row) => columns.map(([, , ...values]) => values[row]!)),
  )
const infos = [{ name: 'QUERY', value: 'SELECT "a" < \u0000', text: 'ü' }]

let folder = ''
const file = (name: string) => join(folder, name)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'almagest-clients-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Writes a result, and gives the path of its file. */
async function write(format: string, columns = COLUMNS, rows = inChunks(rowsOf(columns), [100]), maxRows = 9) {
  const chosen = chooseFormat(format)!
  const options = { format: chosen, maxRows, onError: 'document', describeError: String } as const
  const parts: Uint8Array[] = []
  const head = { fields: fieldsOf(columns), infos, services: [] }
  for await (const part of writeResult(rows, head, options)) parts.push(part)
  const path = file(`${parts.length}-${maxRows}-${columns.length}-${chosen.serialization}.${chosen.extension}`)
  writeFileSync(path, Buffer.concat(parts))
  return path
}

function python(program: string | undefined, script: string, ...args: readonly string[]): unknown {
  return JSON.parse(execFileSync(program ?? '', ['-c', script, ...args], { encoding: 'utf8' }))
}

describe.skipIf(!HAS_STILTS)(`STILTS${needs(HAS_STILTS, 'stilts')}`, () => {
  it.each(['votable/b2', 'votable/td'])('finds nothing wrong with %s', async (format) => {
    expect(await runStilts('votlint', await write(format, [...COLUMNS, MATRIX]))).toBe('')
  })

  // Errors, overflows and columns alone are shown by tap-clients.test.ts.
  it('finds nothing wrong with a result that broke off', async () => {
    async function* broken() {
      const rows = rowsOf(COLUMNS)
      yield rows.subarray(0, -2)
      for (let more = 0; more < 200; more++) yield rows.subarray(19, -2)
      throw new Error('broken off')
    }
    expect(await runStilts('votlint', await write('votable', COLUMNS, broken(), 1000))).toBe('')
  })

  it('reads the same table from BINARY2 and TABLEDATA', async () => {
    const columns = [...COLUMNS, POLYGON, MATRIX]
    const table = await runStilts('tpipe', `in=${await write('votable', columns)}`, 'ifmt=votable', 'ofmt=csv')
    expect(
      table,
    ).toBe(`id,name,code,note,flag,byte,small,number,mag,ra,time,position,fluxes,counts,mask,bytes,region,matrix
1,"β Cyg A & ""B"" 🔭",ab,short,true,0,-32768,-2147483648,12.3,0.1,2026-11-27T04:08:00,"(10.5, -20.0)","(1.0, 2.0, 3.0)","(1, 2, 3)","(true, false)","(0, 128, 255)","(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)","((1.0, 2.0), (3.0, 4.0))"
-9223372036854775808," <x>\ty
 ",abcd,"a,b",false,255,32767,0,1.0E-30,-1.7976931348623157E308,1999-01-01,"(0.0, 90.0)",(0.5),(7),(false),(1),"(0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)","((0.5, -0.5))"
9223372036854775807,,,,,,,,,,,"(1.0, 2.0)",,,,,,
`)
    const other = await runStilts('tpipe', `in=${await write('votable/td', columns)}`, 'ifmt=votable', 'ofmt=csv')
    expect(other).toBe(table)
  })

  it('reads CSV', async () => {
    // Version 3.4 reads all of it as Latin-1.
    const command = 'cmd=keepcols "id code note flag byte small number mag ra time"'
    const table = await runStilts('tpipe', `in=${await write('csv')}`, 'ifmt=csv', command, 'ofmt=csv')
    expect(table).toBe(`id,code,note,flag,byte,small,number,mag,ra,time
1,ab,short,true,0,-32768,-2147483648,12.3,0.1,2026-11-27T04:08:00
-9223372036854775808,abcd,"a,b",false,255,32767,0,1.0E-30,-1.7976931348623157E308,1999-01-01
9223372036854775807,,,,,,,,,
`)
  })
})

const READ_VOTABLE = `
import json, sys, warnings
from astropy.io.votable import parse
import numpy as np
warnings.simplefilter('error')
def value(x):
    if x is np.ma.masked: return None
    if isinstance(x, np.ma.MaskedArray): return [value(y) for y in x]
    if isinstance(x, np.ndarray): return [value(y) for y in x]
    if isinstance(x, bytes): return x.decode()
    if isinstance(x, np.float32): return float(str(x))
    return x.item() if isinstance(x, np.generic) else x
answers = []
for name in sys.argv[1:]:
    document = parse(name)
    table = document.get_first_table()
    infos = [[i.name, i.value] for i in document.resources[0].infos]
    answers.append({'infos': infos, 'columns': {f.name: [str(x) if f.datatype == 'long' else value(x) for x in table.array[f.name]] for f in table.fields}})
print(json.dumps(answers))
`

/** The values of each column as JSON has them, large integers as text; `missing` is what a reader makes of NULL. */
function expectedColumns(columns: readonly Column[], missing: (field: Field) => unknown) {
  const entries = columns.map(([field, , ...values]) => {
    const read = values.map((value) => {
      if (value === null) return missing(field)
      if (typeof value === 'bigint') return value.toString()
      if (field.name === 'code') return String(value).slice(0, 4)
      return value instanceof Uint8Array ? [...value] : value
    })
    return [field.name, read]
  })
  return Object.fromEntries(entries) as Record<string, unknown[]>
}

describe.skipIf(ASTROPY === undefined)(`astropy${needs(ASTROPY !== undefined, 'python3-astropy')}`, () => {
  it('reads every value of BINARY2 and TABLEDATA', async () => {
    const columns = [...COLUMNS, POLYGON]
    const paths = [await write('votable', columns), await write('votable/td', columns)]
    const [binary2, tabledata] = python(ASTROPY, READ_VOTABLE, ...paths) as unknown[]
    const missing = ({ datatype, arraysize }: Field) => {
      if (arraysize === undefined) return null
      return /char/i.test(datatype) ? '' : []
    }
    const infos = [
      ['QUERY_STATUS', 'OK'],
      ['QUERY', 'SELECT "a" < \ufffd'],
    ]
    const expected = { infos, columns: expectedColumns(columns, missing) }
    expect(binary2).toEqual(expected)
    // Astropy removes white space around the text of TABLEDATA.
    const { name = [] } = expected.columns
    expect(tabledata).toEqual({
      infos,
      columns: { ...expected.columns, name: name.map((text) => String(text).trim()) },
    })
  })
})

const READ_PARQUET = `
import json, sys
import pyarrow.parquet as pq
table = pq.read_table(sys.argv[1])
metadata = {k.decode(): v.decode() for k, v in table.schema.metadata.items()}
columns = table.to_pydict()
columns['id'] = [str(x) for x in columns['id']]
print(json.dumps({'columns': columns, 'metadata': metadata, 'types': [str(t) for t in table.schema.types]}))
`

describe.skipIf(PYARROW === undefined)(`pyarrow${needs(PYARROW !== undefined, 'pyarrow')}`, () => {
  it('reads every value of Parquet, and finds the VOTable that describes the columns', async () => {
    const columns = [...COLUMNS, POLYGON]
    const answer = python(PYARROW, READ_PARQUET, await write('parquet', columns)) as {
      columns: Record<string, unknown>
      metadata: Record<string, string>
      types: string[]
    }
    const expected = expectedColumns(columns, () => null)
    expect(answer.columns).toEqual({ ...expected, mag: [Math.fround(12.3), Math.fround(1e-30), null] })
    expect(answer.types).toEqual([
      ...['int64', 'string', 'string', 'string', 'bool', 'uint8', 'int16', 'int32', 'float', 'double', 'string'],
      ...['list<element: double>', 'list<element: double>', 'list<element: int32>', 'list<element: bool>'],
      ...['list<element: uint8>', 'list<element: double>'],
    ])
    expect(answer.metadata['IVOA.VOTable-Parquet.version']).toBe('1.0')
  })
})
