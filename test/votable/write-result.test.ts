import { describe, expect, it } from 'vitest'
import type { Field } from '../../shared/votable/field.ts'
import { chooseFormat } from '../../shared/votable/formats.ts'
import {
  type ResultHead,
  type ResultSummary,
  writeErrorDocument,
  writeResult,
} from '../../shared/votable/write-result.ts'
import { copyBinary, inChunks } from '../support/copy-binary.ts'
import { readVotable } from '../support/read-votable.ts'

const ID: Field = { name: 'id', datatype: 'int' }
const NAME: Field = { name: 'name', datatype: 'char', arraysize: '*' }
const HEAD: ResultHead = { fields: [ID, NAME], infos: [], services: [] }
const ROWS = [
  [1, 'Alnitak'],
  [2, null],
  [-3, 'a<b&c'],
] as const

const copied = (rows = ROWS as readonly (readonly (number | string | null)[])[]) => copyBinary(['int4', 'text'], rows)

interface Options {
  readonly format?: string
  readonly head?: ResultHead
  readonly maxRows?: number
  readonly onError?: 'document' | 'throw'
  readonly onEnd?: (summary: ResultSummary) => void
}

function write(
  rows: AsyncIterable<Uint8Array>,
  { format, head = HEAD, maxRows = 1e9, onError = 'document', onEnd }: Options = {},
) {
  return writeResult(rows, head, {
    format: chooseFormat(format)!,
    maxRows,
    onError,
    describeError: (error) => `shown: ${(error as Error).message}`,
    ...(onEnd === undefined ? {} : { onEnd }),
  })
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const collected: Uint8Array[] = []
  for await (const part of parts) collected.push(part)
  return Buffer.concat(collected)
}

const written = async (options: Options = {}, bytes = copied()) =>
  (await collect(write(inChunks(bytes, [bytes.length]), options))).toString()

describe('writeResult', () => {
  it('writes BINARY2 when nothing is asked', async () => {
    expect(await written()).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
  <RESOURCE type="results">
    <INFO name="QUERY_STATUS" value="OK"/>
    <TABLE>
      <FIELD name="id" datatype="int"/>
      <FIELD name="name" datatype="char" arraysize="*"/>
      <DATA>
        <BINARY2>
<STREAM encoding="base64">
AAAAAAEAAAAHQWxuaXRha0AAAAACAAAAAAD////9AAAABWE8YiZj
</STREAM>
        </BINARY2>
      </DATA>
    </TABLE>
  </RESOURCE>
</VOTABLE>
`)
  })

  it('writes TABLEDATA', async () => {
    expect(await written({ format: 'votable/td' })).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
  <RESOURCE type="results">
    <INFO name="QUERY_STATUS" value="OK"/>
    <TABLE>
      <FIELD name="id" datatype="int"/>
      <FIELD name="name" datatype="char" arraysize="*"/>
      <DATA>
        <TABLEDATA>
<TR><TD>1</TD><TD>Alnitak</TD></TR>
<TR><TD>2</TD><TD/></TR>
<TR><TD>-3</TD><TD>a&lt;b&amp;c</TD></TR>
        </TABLEDATA>
      </DATA>
    </TABLE>
  </RESOURCE>
</VOTABLE>
`)
  })

  it('writes CSV and TSV', async () => {
    const rows = copied([...ROWS, [4, ''], [5, 'say "x", y'], [6, ' tab\there\r\nC:\\ ']])
    expect(await written({ format: 'csv' }, rows)).toBe(
      'id,name\r\n1,Alnitak\r\n2,\r\n-3,a<b&c\r\n4,""\r\n5,"say ""x"", y"\r\n6," tab\there\r\nC:\\ "\r\n',
    )
    expect(await written({ format: 'tsv' }, rows)).toBe(
      'id\tname\n1\tAlnitak\n2\t\n-3\ta<b&c\n4\t\n5\tsay "x", y\n6\t tab\\there\\r\\nC:\\\\ \n',
    )
  })

  it('describes columns and result in the head, and puts services after the table', async () => {
    const fields: Field[] = [
      {
        name: 'p & q',
        id: 'col_p',
        datatype: 'double',
        arraysize: '2',
        xtype: 'point',
        unit: 'deg',
        ucd: 'pos.eq',
        utype: 'a:b.c',
        description: 'where it is\u0000',
      },
      { name: 'counts', datatype: 'int', arraysize: '*' },
    ]
    const head = {
      fields,
      infos: [{ name: 'QUERY', value: 'select "x" < 1', text: 'more' }],
      services: ['<RESOURCE type="meta" utype="adhoc:service"/>'],
    }
    const document = await written({ head }, copyBinary(['float8[]', 'int4[]'], []))
    expect(document).toContain(`
    <INFO name="QUERY_STATUS" value="OK"/>
    <INFO name="QUERY" value="select &quot;x&quot; &lt; 1">more</INFO>
    <TABLE>
      <FIELD ID="col_p" name="p &amp; q" datatype="double" arraysize="2" xtype="point" unit="deg" ucd="pos.eq" utype="a:b.c">
        <DESCRIPTION>where it is\ufffd</DESCRIPTION>
      </FIELD>
      <FIELD name="counts" datatype="int" arraysize="*">
        <VALUES null="-2147483648"/>
      </FIELD>
`)
    expect(document).toContain(`
    </TABLE>
  </RESOURCE>
  <RESOURCE type="meta" utype="adhoc:service"/>
</VOTABLE>
`)
  })

  it.each(['votable/b2', 'votable/td', 'csv', 'tsv'])('gives the same %s however the bytes arrive', async (format) => {
    const many = Array.from({ length: 1000 }, (_, index) => [
      index,
      index % 7 === 0 ? null : 'text '.repeat(index % 50),
    ])
    const bytes = copied(many)
    const document = await written({ format }, bytes)
    for (const sizes of [[1], [7, 1, 0, 64], [4096], [65_536], [100_000, 3]]) {
      expect((await collect(write(inChunks(bytes, sizes), { format }))).toString() === document).toBe(true)
    }
  })

  it('sends about 64 KiB at a time, also from one large chunk', async () => {
    const many = copied(Array.from({ length: 20_000 }, (_, index) => [index, 'some text of some length']))
    for (const format of ['votable', 'votable/td', 'csv']) {
      const sizes: number[] = []
      for await (const part of write(inChunks(many, [many.length]), { format })) sizes.push(part.length)
      expect(sizes.length).toBeGreaterThan(5)
      expect(Math.max(...sizes)).toBeLessThan(70_000)
      expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(60_000)
    }
  })

  it('sends a small document as a whole', async () => {
    const parts: Uint8Array[] = []
    for await (const part of write(inChunks(copied(), [copied().length]))) parts.push(part)
    expect(parts).toHaveLength(1)
  })
})

describe('the limit of rows', () => {
  const limited = async (maxRows: number, format?: string) => {
    const summaries: ResultSummary[] = []
    const onEnd = (summary: ResultSummary) => summaries.push(summary)
    const document = Buffer.from(await written({ maxRows, onEnd, ...(format === undefined ? {} : { format }) }))
    return { summary: summaries, document }
  }

  it('is no overflow when the rows are as many', async () => {
    const { summary, document } = await limited(3)
    expect(summary).toEqual([{ rows: 3, overflow: false }])
    expect(readVotable(document).infos.map(({ attributes }) => attributes.value)).toEqual(['OK'])
  })

  it('is an overflow when there is one more, which is left out', async () => {
    for (const format of ['votable', 'votable/td']) {
      const { summary, document } = await limited(2, format)
      expect(summary).toEqual([{ rows: 2, overflow: true }])
      const { rows, texts, infos } = readVotable(document)
      expect(rows.length + texts.length).toBe(2)
      expect(infos.map(({ attributes, isTrailing }) => [attributes.name, attributes.value, isTrailing])).toEqual([
        ['QUERY_STATUS', 'OK', false],
        ['QUERY_STATUS', 'OVERFLOW', true],
      ])
    }
  })

  it('leaves no trace in CSV but in the summary', async () => {
    const { summary, document } = await limited(1, 'csv')
    expect([summary, document.toString()]).toEqual([[{ rows: 1, overflow: true }], 'id,name\r\n1,Alnitak\r\n'])
  })

  it('of 0 gives the columns, and asks for no rows', async () => {
    async function* never(): AsyncGenerator<Uint8Array> {
      yield await Promise.reject(new Error('rows were read'))
    }
    const summaries: ResultSummary[] = []
    const document = await collect(write(never(), { maxRows: 0, onEnd: (summary) => summaries.push(summary) }))
    expect(summaries).toEqual([{ rows: 0, overflow: true }])
    const { fields, rows, infos } = readVotable(document)
    expect([fields.length, rows.length, infos.at(-1)?.attributes.value]).toEqual([2, 0, 'OVERFLOW'])
  })

  it('stops the query', async () => {
    let isStopped = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      const bytes = copied()
      try {
        yield bytes.subarray(0, -2)
        for (;;) yield bytes.subarray(19, -2)
      } finally {
        isStopped = true
      }
    }
    const { rows } = readVotable(await collect(write(endless(), { maxRows: 100 })))
    expect([rows.length, isStopped]).toEqual([100, true])
  })
})

describe('a client that goes away', () => {
  it('stops the query', async () => {
    let isStopped = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      const bytes = copied()
      try {
        yield bytes.subarray(0, -2)
        for (;;) yield bytes.subarray(19, -2)
      } finally {
        isStopped = true
      }
    }
    for await (const part of write(endless())) {
      expect(part.length).toBeGreaterThan(0)
      break
    }
    expect(isStopped).toBe(true)
  })
})

describe('an error', () => {
  async function* failing(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    if (bytes.length > 0) yield bytes
    throw new Error('division by zero')
  }
  const twoRows = copied().subarray(0, 60)
  const many = copied(Array.from({ length: 9000 }, (_, index) => [index, 'a row']))
  /** All but the last row and a half. */
  const manyRows = many.subarray(0, -30)

  it('before the first byte is thrown', async () => {
    await expect(collect(write(failing(new Uint8Array(0))))).rejects.toThrow('division by zero')
    await expect(collect(write(failing(twoRows)))).rejects.toThrow('division by zero')
  })

  it('after it ends a VOTable with what the client is to read, and with the rows that came whole', async () => {
    for (const format of ['votable', 'votable/td']) {
      const { rows, texts, infos, paths } = readVotable(await collect(write(failing(manyRows), { format })))
      expect(rows.length + texts.length).toBe(8998)
      expect(infos.at(-1)).toEqual({
        attributes: { name: 'QUERY_STATUS', value: 'ERROR' },
        text: 'shown: division by zero',
        isTrailing: true,
      })
      expect(paths.filter((path) => path === 'VOTABLE/RESOURCE')).toHaveLength(1)
    }
  })

  it('after it breaks off a CSV, which cannot say it', async () => {
    await expect(collect(write(failing(manyRows), { format: 'csv' }))).rejects.toThrow('division by zero')
  })

  it('after it breaks off what is kept only when it is whole', async () => {
    await expect(collect(write(failing(manyRows), { onError: 'throw' }))).rejects.toThrow('division by zero')
  })

  it('after the last row is an error too', async () => {
    const { rows, infos } = readVotable(await collect(write(failing(many))))
    expect([rows.length, infos.at(-1)?.attributes.value]).toEqual([9000, 'ERROR'])
    await expect(collect(write(failing(copied())))).rejects.toThrow('division by zero')
  })
})

describe('bytes that contradict the columns', () => {
  const failure = async (fields: readonly Field[], bytes: Buffer, format = 'votable') => {
    const head = { fields, infos: [], services: [] }
    const parts = write(inChunks(bytes, [bytes.length]), { head, format, onError: 'throw' })
    return collect(parts).then(String, (error) => `${error.code}: ${error.message}`)
  }

  it.each(['votable', 'votable/td', 'csv'])('are an error in %s', async (format) => {
    const column = (datatype: Field['datatype'], arraysize?: string): Field[] => [
      { name: 'c', datatype, ...(arraysize === undefined ? {} : { arraysize }) },
    ]
    const answers = [
      [column('long'), copyBinary(['int4'], [[1]]), /4 bytes for column c, which do not make long/],
      [column('int'), copyBinary(['int8'], [[1]]), /8 bytes for column c, which do not make int/],
      [column('short'), copyBinary(['int4'], [[1]]), /4 bytes/],
      [column('boolean'), copyBinary(['int4'], [[1]]), /4 bytes/],
      [column('unsignedByte'), copyBinary(['int2'], [[256]]), /the value 256, which is not an unsignedByte/],
      [column('unsignedByte'), copyBinary(['int2'], [[-1]]), /the value -1/],
      [
        column('unsignedByte', '2'),
        copyBinary(['bytea'], [['abc']]),
        /3 elements, which do not make unsignedByte\[2\]/,
      ],
      [column('double', '2'), copyBinary(['float8[]'], [[[1, 2, 3]]]), /3 elements, which do not make double\[2\]/],
      [column('double', '2x*'), copyBinary(['float8[]'], [[[1, 2, 3]]]), /3 elements/],
      [column('double', '*'), copyBinary(['float4[]'], [[[1]]]), /its type 700/],
      [column('double', '*'), copyBinary(['text'], [['x']]), /1 bytes/],
      [column('double', '*'), copyBinary(['text'], [['x'.repeat(40)]]), /40 bytes/],
      [column('bit', '4'), copyBinary(['varbit'], [['101']]), /3 elements/],
      [column('bit', '*'), copyBinary(['text'], [['12345']]), /5 bytes/],
      [column('char', 'x'), copyBinary(['text'], [['x']]), /column c has the arraysize "x"/],
      [[ID], copied(), /2 columns where 1 were expected/],
      [[ID, NAME], copied().subarray(0, 40), /before they were complete/],
      [[ID, NAME], Buffer.concat([copied(), Buffer.from('x')]), /after the end/],
      [[ID, NAME], Buffer.from('id\tname\n1\tAlnitak\n2\tx'), /not in the binary form/],
    ] as const
    for (const [fields, bytes, message] of answers) {
      expect(await failure(fields, bytes, format)).toMatch(message)
      expect(await failure(fields, bytes, format)).toMatch(/^result_mismatch: /)
    }
  })

  it('are an error where a row never ends', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield copyBinary(['int4', 'text'], []).subarray(0, -2)
      yield Buffer.from('00020000000400000001ffffffff', 'hex')
      // A text of 2 GiB.
      yield Buffer.from('000200000004000000017fffffff', 'hex')
      const chunk = new Uint8Array(2 ** 20)
      for (;;) yield chunk
    }
    const parts = write(endless(), { onError: 'throw' })
    await expect(collect(parts)).rejects.toThrow('a row has more than 67108864 bytes; select fewer columns')
  })

  it('are an error within a damaged array', async () => {
    const whole = copyBinary(['int4[]'], [[[1, 2]]])
    const fields: Field[] = [{ name: 'c', datatype: 'int', arraysize: '*' }]
    // The length of the first element, and the number of elements.
    for (const at of [whole.length - 2 - 13, whole.length - 2 - 21]) {
      const damaged = Buffer.from(whole)
      damaged[at] = 1
      expect(await failure(fields, damaged)).toMatch(/^result_mismatch: /)
    }
  })
})

describe('writeErrorDocument', () => {
  it('says what went wrong, without a table', () => {
    const document = Buffer.from(writeErrorDocument('no table <x>\u0001', [{ name: 'a', value: 'b' }])).toString()
    expect(document).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
  <RESOURCE type="results">
    <INFO name="QUERY_STATUS" value="ERROR">no table &lt;x&gt;\ufffd</INFO>
    <INFO name="a" value="b"/>
  </RESOURCE>
</VOTABLE>
`)
  })
})
