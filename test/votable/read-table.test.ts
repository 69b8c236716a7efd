import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { copyBinary, type PgType, type PgValue } from '../support/copy-binary.ts'
import { collectRows, faultOf, openUpload, textRows } from '../support/uploaded.ts'

const table = (fields: string, data: string) =>
  `<VOTABLE><RESOURCE><TABLE>${fields}<DATA>${data}</DATA></TABLE></RESOURCE></VOTABLE>`
const tabledata = (fields: string, ...rows: readonly (readonly string[])[]) =>
  table(
    fields,
    `<TABLEDATA>${rows.map((row) => `<TR>${row.map((cell) => `<TD>${cell}</TD>`).join('')}</TR>`).join('')}</TABLEDATA>`,
  )
const stream = (fields: string, bytes: Uint8Array, serialization = 'BINARY', attributes = 'encoding="base64"') =>
  table(
    fields,
    `<${serialization}><STREAM ${attributes}>${Buffer.from(bytes).toString('base64')}</STREAM></${serialization}>`,
  )
const TEXT = '<FIELD name="a" datatype="char" arraysize="*"/>'
const INT = '<FIELD name="a" datatype="int"/>'

async function expectRows(
  document: string | Uint8Array,
  types: readonly PgType[],
  rows: readonly (readonly PgValue[])[],
) {
  expect((await collectRows(await openUpload(document))).toString('hex')).toBe(copyBinary(types, rows).toString('hex'))
}

describe('VOTables of every age are read', () => {
  const body = `<RESOURCE><TABLE>${TEXT}<DATA><TABLEDATA><TR><TD>é&amp;&#x41;</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE>`
  test.each([
    ['1.0 without a namespace', `<?xml version="1.0"?>\n<VOTABLE version="1.0">${body}</VOTABLE>`],
    ['1.1', `<VOTABLE version="1.1" xmlns="http://www.ivoa.net/xml/VOTable/v1.1">${body}</VOTABLE>`],
    ['1.2', `<VOTABLE version="1.2" xmlns="http://www.ivoa.net/xml/VOTable/v1.2">${body}</VOTABLE>`],
    ['1.4', `<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">${body}</VOTABLE>`],
    ['1.5', `<VOTABLE version="1.5" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">${body}</VOTABLE>`],
    [
      'with a prefix',
      `<v:VOTABLE version="1.4" xmlns:v="http://www.ivoa.net/xml/VOTable/v1.3">${body.replace(/<(\/?)([A-Z])/g, '<$1v:$2')}</v:VOTABLE>`,
    ],
    [
      'with comments, instructions and CDATA',
      `<VOTABLE><!-- <TABLE> --><?x y?>${body.replace('é', '<!-- x --><![CDATA[é]]>')}</VOTABLE>`,
    ],
  ])('%s', async (_, document) => {
    expect(await textRows(document)).toEqual([['é&A']])
  })

  test.each([
    ['ISO-8859-1', Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?><VOTABLE>${body}</VOTABLE>`, 'latin1')],
    ['utf-8', Buffer.from(`<?xml version="1.0" encoding='utf-8'?><VOTABLE>${body}</VOTABLE>`)],
    ['UTF-16', Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-16"?><VOTABLE>${body}</VOTABLE>`, 'utf16le')],
  ])('in %s', async (_, document) => {
    for (const sizes of [[1], [3], [1000]]) expect(await textRows(document, { sizes })).toEqual([['é&A']])
  })
})

test('all that describes a column is kept', async () => {
  const { fields, description, sqlTypes } =
    await openUpload(`<VOTABLE><DESCRIPTION>not this</DESCRIPTION><RESOURCE><TABLE>
    <DESCRIPTION> of the
       table </DESCRIPTION>
    <PARAM name="p" datatype="int" value="1"><DESCRIPTION>not this</DESCRIPTION></PARAM>
    <FIELD name=" RA " ID="x" datatype="double" unit="deg" ucd="pos.eq.ra;meta.main" utype="a:b" width="5" precision="2">
      <DESCRIPTION>right  ascension</DESCRIPTION><VALUES null=""><MIN value="0"/></VALUES><LINK href="http://x"/></FIELD>
    <GROUP><FIELDref ref="x"/></GROUP>
    <FIELD ID="only_id" datatype="char" arraysize="8*"/>
    <DATA><TABLEDATA/></DATA></TABLE></RESOURCE></VOTABLE>`)
  expect(description).toBe('of the table')
  expect(fields).toEqual([
    {
      name: 'RA',
      datatype: 'double',
      unit: 'deg',
      ucd: 'pos.eq.ra;meta.main',
      utype: 'a:b',
      description: 'right ascension',
    },
    { name: 'only_id', datatype: 'char', arraysize: '8*' },
  ])
  expect(sqlTypes).toEqual(['float8', 'text'])
})

test.each([
  ['char', '*', 'adql:TIMESTAMP', { datatype: 'char', arraysize: '*', xtype: 'timestamp' }, 'timestamp'],
  ['unicodeChar', '23', 'timestamp', { datatype: 'char', arraysize: '*', xtype: 'timestamp' }, 'timestamp'],
  ['double', undefined, 'timestamp', { datatype: 'double' }, 'float8'],
  ['double', '2', 'adql:POINT', { datatype: 'double', arraysize: '2', xtype: 'point' }, 'float8[]'],
  ['char', '*', 'adql:POINT', { datatype: 'char', arraysize: '*', xtype: 'adql:POINT' }, 'text'],
  ['char', '9x*', 'adql:POINT', { datatype: 'char', arraysize: '9x*' }, 'text'],
  ['float', '2', 'point', { datatype: 'float', arraysize: '2', xtype: 'point' }, 'real[]'],
  ['int', '2', 'point', { datatype: 'int', arraysize: '2' }, 'integer[]'],
  ['double', '3', 'point', { datatype: 'double', arraysize: '3' }, 'float8[]'],
  ['double', '*', 'polygon', { datatype: 'double', arraysize: '*', xtype: 'polygon' }, 'float8[]'],
  ['double', '7', 'polygon', { datatype: 'double', arraysize: '7' }, 'float8[]'],
  ['char', '*', 'adql:REGION', { datatype: 'char', arraysize: '*', xtype: 'adql:REGION' }, 'text'],
  ['char', '*', 'uuid', { datatype: 'char', arraysize: '*', xtype: 'uuid' }, 'text'],
  ['int', '2', 'interval', { datatype: 'int', arraysize: '2', xtype: 'interval' }, 'integer[]'],
])('%s[%s] with the xtype %s becomes what its values can be', async (datatype, arraysize, xtype, expected, sqlType) => {
  const size = arraysize === undefined ? '' : ` arraysize="${arraysize}"`
  const { fields, sqlTypes } = await openUpload(
    tabledata(`<FIELD name="a" datatype="${datatype}"${size} xtype="${xtype}"/>`),
  )
  expect(fields).toEqual([{ name: 'a', ...expected }])
  expect(sqlTypes).toEqual([sqlType])
})

describe('TABLEDATA', () => {
  test('has numbers in all the spellings of the standard', async () => {
    const fields = ['short', 'int', 'long', 'float', 'double', 'unsignedByte']
    await expectRows(
      tabledata(
        fields.map((type) => `<FIELD name="${type}" datatype="${type}"/>`).join(''),
        ['0x1F', ' +7 ', '-9223372036854775808', '1e-45', 'NaN', '255'],
        ['-32768', '-2147483648', '9223372036854775807', '-Inf', '+Inf', '0xff'],
        ['0', '-0', '0x7fffffffffffffff', '.5', '-0', ' '],
        ['', '', '', '', '', ''],
        ['32767', '2147483647', '9007199254740993', '3.4028235e38', '4.9e-324', '0'],
      ),
      ['int2', 'int4', 'int8', 'float4', 'float8', 'int2'],
      [
        [31, 7, -(2n ** 63n), 1e-45, Number.NaN, 255],
        [-32768, -(2 ** 31), 2n ** 63n - 1n, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 255],
        [0, 0, 2n ** 63n - 1n, 0.5, -0, null],
        [null, null, null, null, null, null],
        [32767, 2147483647, 9007199254740993n, 3.4028235e38, 4.9e-324, 0],
      ],
    )
  })

  test('has booleans, bits and arrays in all their spellings', async () => {
    await expectRows(
      tabledata(
        '<FIELD name="a" datatype="boolean"/><FIELD name="b" datatype="boolean" arraysize="*"/><FIELD name="c" datatype="bit" arraysize="*"/><FIELD name="d" datatype="int" arraysize="2x*"><VALUES null="-1"/></FIELD>',
        ['T', 'TF?', '10110', '1 2 -1 4'],
        ['false', 'true 0 ?', '1 0 1', '\n1\t2\n'],
        ['?', '1', '1', ''],
      ),
      ['bool', 'bool[]', 'varbit', 'int4[]'],
      [
        [true, [true, false, null], '10110', [1, 2, null, 4]],
        [false, [true, false, null], '101', [1, 2]],
        [null, [true], '1', null],
      ],
    )
  })

  test('has single bits, which are booleans', async () => {
    const bit = '<FIELD name="a" datatype="bit"/>'
    expect((await openUpload(tabledata(bit))).fields).toEqual([{ name: 'a', datatype: 'boolean' }])
    await expectRows(tabledata(bit, ['1'], ['0'], ['']), ['bool'], [[true], [false], [null]])
    // By the standard, by astropy, and 0.
    await expectRows(stream(bit, Buffer.from([0x80, 0x08, 0])), ['bool'], [[true], [true], [false]])
    expect(await faultOf(tabledata(bit, ['T']))).toContain('row 1, column "a" (boolean): found "T", expected 0 or 1')
  })

  test('keeps the blanks of text, and has no empty text', async () => {
    expect(await textRows(tabledata(TEXT, [' a  '], ['\n'], [''], ['a&#13;b']))).toEqual([
      [' a  '],
      ['\n'],
      [null],
      ['a\rb'],
    ])
  })

  test('has a value that stands for NULL, also one that is none of its type', async () => {
    const field = (type: string, nothing: string) =>
      `<FIELD name="${type}" datatype="${type}"><VALUES null="${nothing}"/></FIELD>`
    await expectRows(
      tabledata(
        `${field('int', '-99')}${field('long', 'N/A')}${field('double', 'NaN')}<FIELD name="a" datatype="char" arraysize="*"><VALUES null="-"/></FIELD>`,
        ['-99', 'N/A', 'NaN', '-'],
        ['-099', '1', '-1', '--'],
      ),
      ['int4', 'int8', 'float8', 'text'],
      [
        [null, null, null, null],
        [null, 1n, -1, '--'],
      ],
    )
  })

  test('may lack, and so may all rows', async () => {
    await expectRows(`<VOTABLE><RESOURCE><TABLE>${INT}</TABLE></RESOURCE></VOTABLE>`, ['int4'], [])
    await expectRows(`<VOTABLE><RESOURCE><TABLE>${INT}<DATA/></TABLE></RESOURCE></VOTABLE>`, ['int4'], [])
    await expectRows(tabledata(INT), ['int4'], [])
  })

  test('of the first table is read, and nothing behind it', async () => {
    const document = tabledata(INT, ['1']).replace('</RESOURCE>', '<TABLE><FIELD/></TABLE><<<')
    await expectRows(document, ['int4'], [[1]])
  })
})

describe('BINARY and BINARY2', () => {
  const fields =
    '<FIELD name="i" datatype="int"><VALUES null="-1"/></FIELD><FIELD name="s" datatype="char" arraysize="*"/><FIELD name="f" datatype="char" arraysize="4"/><FIELD name="u" datatype="unicodeChar" arraysize="3"/><FIELD name="d" datatype="double"/><FIELD name="b" datatype="boolean"/>'
  const types: PgType[] = ['int4', 'text', 'text', 'text', 'float8', 'bool']
  const row = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')

  test('have strings that end at a NUL, and NULLs by a value', async () => {
    const bytes = Buffer.concat([
      row('00000007 00000003 61c3a9 61620000 0061 00e9 0000 3ff8000000000000 54'),
      row('ffffffff 00000000 00000000 0000 0000 0000 7ff8000000000000 3f'),
      row('00000000 00000003 610062 61626364 d83d de00 0000 8000000000000000 30'),
    ])
    await expectRows(stream(fields, bytes), types, [
      [7, 'aé', 'ab', 'aé', 1.5, true],
      [null, null, null, null, Number.NaN, null],
      [0, 'a', 'abcd', '😀', -0, false],
    ])
  })

  test('BINARY2 has flags, so that an empty text is not NULL', async () => {
    const bytes = Buffer.concat([
      row('00 ffffffff 00000000 00000000 0000 0000 0000 7ff8000000000000 46'),
      row('fc 00000005 00000000 00000000 0000 0000 0000 7ff8000000000000 54'),
    ])
    await expectRows(stream(fields, bytes, 'BINARY2'), types, [
      [null, '', '', '', Number.NaN, false],
      [null, null, null, null, null, null],
    ])
  })

  test('have timestamps as long as their FIELD says, of char and of unicodeChar', async () => {
    const [text, second] = ['2000-01-01T00:00:01', 1_000_000n]
    const field = (name: string, datatype: string, arraysize: string) =>
      `<FIELD name="${name}" datatype="${datatype}" arraysize="${arraysize}" xtype="timestamp"/>`
    const bytes = Buffer.concat([
      Buffer.from(text),
      Buffer.from(text, 'utf16le').swap16(),
      Buffer.from([0, 0, 0, text.length]),
      Buffer.from(text),
    ])
    const given = stream(field('a', 'char', '19') + field('b', 'unicodeChar', '19') + field('c', 'char', '*'), bytes)
    // PostgreSQL sends a timestamp as microseconds since 2000, in eight bytes.
    await expectRows(given, ['int8', 'int8', 'int8'], [[second, second, second]])
  })

  test('may be packed, in lines, without padding, and come in any pieces', async () => {
    const bytes = row('00000001 00000002')
    const base64 = bytes
      .toString('base64')
      .replace(/=+$/, '')
      .replace(/(.{3})/g, '\n  $1\r\n')
    const document = table(INT, `<BINARY><STREAM encoding="base64">${base64}</STREAM></BINARY>`)
    for (const sizes of [[1], [2, 3], [1000]]) {
      expect((await collectRows(await openUpload(document, { sizes }))).toString('hex')).toBe(
        copyBinary(['int4'], [[1], [2]]).toString('hex'),
      )
    }
    await expectRows(stream(INT, gzipSync(bytes), 'BINARY', 'encoding="gzip"'), ['int4'], [[1], [2]])
  })

  test.each([
    [
      'other characters',
      table(INT, '<BINARY><STREAM encoding="base64">AAAA!AAB</STREAM></BINARY>'),
      '"!" is not a character of base64',
    ],
    [
      'more behind the end',
      table(INT, '<BINARY><STREAM encoding="base64">AAAAAQ==AAAA</STREAM></BINARY>'),
      'more base64 after its end',
    ],
    [
      'a lonely character',
      table(INT, '<BINARY><STREAM encoding="base64">AAAAA</STREAM></BINARY>'),
      'the base64 breaks off',
    ],
    ['a row that breaks off', stream(INT, row('00000001 0000')), 'the data break off in row 2'],
    [
      'an element',
      table(INT, '<BINARY><STREAM encoding="base64">AAAA<x/></STREAM></BINARY>'),
      'something other than base64',
    ],
    [
      'a comment',
      table(INT, '<BINARY><STREAM encoding="base64">AAAA<!-- > --></STREAM></BINARY>'),
      'something other than base64',
    ],
    [
      'an entity',
      table(INT, '<BINARY><STREAM encoding="base64">AA&amp;A</STREAM></BINARY>'),
      '"&" is not a character of base64',
    ],
    [
      'no encoding',
      stream(INT, row('00000001'), 'BINARY', ''),
      'the encoding of its STREAM is "none", expected base64',
    ],
    [
      'an href',
      table(INT, '<BINARY><STREAM href="http://x.org/t.bin"/></BINARY>'),
      'has an href, which is not followed',
    ],
    [
      'a length beyond measure',
      stream(TEXT, row('7fffffff 61')),
      'row 1, column "a": found an array of 2147483647 elements',
    ],
    ['a negative length', stream(TEXT, row('ffffffff 61')), 'found an array of -1 elements'],
    [
      'a byte that is no boolean',
      stream('<FIELD name="a" datatype="boolean"/>', row('58')),
      'row 1, column "a" (boolean): found the byte 88',
    ],
    [
      'text that is not UTF-8',
      stream(TEXT, row('00000002 c328')),
      'row 1, column "a" (char[*]): found text that is not UTF-8',
    ],
    [
      'half a pair',
      stream('<FIELD name="a" datatype="unicodeChar" arraysize="*"/>', row('00000001 d83d')),
      'found half a surrogate pair',
    ],
    [
      'gzip that is none',
      stream(INT, row('00000001'), 'BINARY', 'encoding="gzip"'),
      'its gzip data are damaged or break off',
    ],
  ])('%s is reported', async (_, document, expected) => {
    for (const sizes of [[7], [1000]]) expect(await faultOf(document, { sizes })).toContain(expected)
  })
})

describe('what is wrong with a VOTable is reported with its row and column', () => {
  test.each([
    [
      'a word for an int',
      tabledata(INT, ['1'], ['x']),
      'The uploaded table "t": row 2, column "a" (int): found "x", expected an integer from -2147483648 to 2147483647.',
    ],
    ['an int out of range', tabledata(INT, ['2147483648']), 'found "2147483648", expected an integer from'],
    ['a fraction for an int', tabledata(INT, ['1.5']), 'found "1.5"'],
    [
      'a number that is too large',
      tabledata('<FIELD name="a" datatype="float"/>', ['1e39']),
      'found "1e39", expected a number within ±3.4e38',
    ],
    [
      'digits without end',
      tabledata('<FIELD name="a" datatype="long"/>', ['9'.repeat(100_000)]),
      'expected an integer from -9223372036854775808',
    ],
    [
      'a word for a boolean',
      tabledata('<FIELD name="a" datatype="boolean"/>', ['maybe']),
      'found "maybe", expected true, false, T, F, 1, 0 or ?',
    ],
    [
      'an array too short',
      tabledata('<FIELD name="a" datatype="int" arraysize="3"/>', ['1 2']),
      'found 2 elements, expected 3 (arraysize "3")',
    ],
    [
      'an array that does not fit',
      tabledata('<FIELD name="a" datatype="int" arraysize="2x*"/>', ['1 2 3']),
      'found 3 elements, expected a multiple of 2',
    ],
    ['a wrong element', tabledata('<FIELD name="a" datatype="int" arraysize="*"/>', ['1 b']), 'element 2: found "b"'],
    [
      'half a complex number',
      tabledata('<FIELD name="a" datatype="floatComplex"/>', ['1']),
      'found 1 numbers, expected two for each',
    ],
    [
      'text that is too long',
      tabledata('<FIELD name="a" datatype="char" arraysize="3"/>', ['abcd']),
      'found "abcd" of 4 bytes, expected 3 at most; arraysize="*" takes texts of any length',
    ],
    ['text without an arraysize', tabledata('<FIELD name="a" datatype="char"/>', ['ab']), 'expected 1 at most'],
    [
      'a time that is none',
      tabledata('<FIELD name="a" datatype="char" arraysize="*" xtype="timestamp"/>', ['2026-02-30T00:00:00']),
      'found "2026-02-30T00:00:00", expected a time of UTC such as',
    ],
    [
      'a time of another zone',
      tabledata('<FIELD name="a" datatype="char" arraysize="*" xtype="timestamp"/>', ['2026-01-01T00:00:00+01:00']),
      'expected a time of UTC',
    ],
    ['a cell too few', tabledata(INT + TEXT, ['1', 'a'], ['2']), 'row 2 has 1 cell, the table has 2 columns'],
    ['a cell too many', tabledata(INT, ['1', '2']), 'row 1 has more than 1 cells, the table has 1 column'],
    ['an element in a cell', tabledata(INT, ['<b>1</b>']), 'row 1 has an element <b> in <TD>'],
    ['an element between rows', table(INT, '<TABLEDATA><TD>1</TD></TABLEDATA>'), 'has an element <TD> in <TABLEDATA>'],
    [
      'an encoded cell',
      table(INT, '<TABLEDATA><TR><TD encoding="base64">AA</TD></TR></TABLEDATA>'),
      'a cell with an encoding',
    ],
    ['no datatype', tabledata('<FIELD name="a"/>'), 'FIELD "a" has no datatype'],
    [
      'a datatype of another world',
      tabledata('<FIELD name="a" datatype="integer"/>'),
      'has the unknown datatype "integer"',
    ],
    ['a datatype in other letters', tabledata('<FIELD name="a" datatype="Double"/>'), 'did you mean double?'],
    ['a bad arraysize', tabledata('<FIELD name="a" datatype="int" arraysize="x"/>'), 'has the arraysize "x"'],
    ['no name', tabledata('<FIELD datatype="int"/>'), 'FIELD 1 has no name'],
    ['no columns', tabledata(''), 'it has no columns'],
    [
      'FITS',
      table(INT, '<FITS><STREAM href="x"/></FITS>'),
      'its data are in "FITS", which is not read here; send it in TABLEDATA, BINARY or BINARY2',
    ],
    ['no table', '<VOTABLE><RESOURCE/></VOTABLE>', 'the document has no TABLE'],
    [
      'an error in place of a table',
      '<VOTABLE><RESOURCE type="results"><INFO name="QUERY_STATUS" value="ERROR">no such job</INFO></RESOURCE></VOTABLE>',
      'has no TABLE; it says: "no such job"',
    ],
    ['an end in a row', tabledata(INT, ['1']).slice(0, -50), 'the document breaks off in its TABLE'],
    [
      'a tag that is not closed',
      '<VOTABLE>\n<RESOURCE>\n</VOTABLE>',
      'line 3: an element is closed that is not the one that is open',
    ],
    ['text behind the elements', '<VOTABLE/>\nx', 'line 2: text stands outside the elements'],
    ['an encoding that is not known', '<?xml version="1.0" encoding="EBCDIC"?><VOTABLE/>', 'its encoding is "EBCDIC"'],
  ])('%s', async (_, document, expected) => {
    expect(await faultOf(document)).toContain(expected)
  })

  test('bytes that are not of the encoding', async () => {
    expect(await faultOf(Buffer.from(tabledata(TEXT, ['\xff']), 'latin1'))).toContain(
      'its text is not UTF-8; send it in UTF-8',
    )
  })
})
