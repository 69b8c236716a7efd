import { expect, test } from 'vitest'
import { BinaryRows } from '../../shared/votable/show/binary-rows.ts'
import { readVotable, type VotableEvent } from '../../shared/votable/show/read-votable.ts'
import { XmlScanner, type XmlToken } from '../../shared/votable/show/scan-xml.ts'

type Row = [datatype: string, arraysize: string | undefined, hex: string, shown: string | null]

/** VOTable 1.4 §2.1, §6: each type, alone, of fixed and of variable size. */
const CELLS: readonly Row[] = [
  ['boolean', undefined, '54', 'true'],
  ['boolean', undefined, '30', 'false'],
  ['boolean', undefined, '3f', null],
  ['boolean', '3', '54463f', 'true false ?'],
  ['bit', undefined, '80', '1'],
  ['bit', '10', 'a0c0', '1 0 1 0 0 0 0 0 1 1'],
  ['unsignedByte', undefined, 'ff', '255'],
  ['unsignedByte', '*', '0000000201ff', '1 255'],
  ['short', undefined, 'fffe', '-2'],
  ['int', '2x2', '00000001000000020000000300000004', '1 2 3 4'],
  ['long', undefined, '7fffffffffffffff', '9223372036854775807'],
  ['float', undefined, '3dcccccd', '0.1'],
  ['double', undefined, '3fb999999999999a', '0.1'],
  ['double', undefined, '7ff8000000000000', 'NaN'],
  ['floatComplex', undefined, '3f800000c0000000', '1 -2'],
  ['char', undefined, '41', 'A'],
  ['char', '4', '41420000', 'AB'],
  ['char', '8*', '00000003c3a942', 'éB'],
  ['char', '*', '00000000', ''],
  ['unicodeChar', '*', '0000000203b10042', 'αB'],
]

test.for(CELLS)('%s[%s] %s is shown as %s', ([datatype, arraysize, hex, shown]) => {
  const field = { name: 'x', datatype, arraysize, unit: undefined, ucd: undefined, nullText: undefined }
  const bytes = Buffer.from(`00${hex}`, 'hex')
  const rows = new BinaryRows([field], { masked: true })
  expect([...rows.push(bytes)]).toEqual([[shown]])
  expect([...rows.push(Buffer.concat([Buffer.from([0x80]), bytes.subarray(1)]))]).toEqual([[null]])
  rows.end()
  for (const byte of bytes.subarray(0, -1)) expect([...rows.push(Buffer.from([byte]))]).toEqual([])
  expect(() => rows.end()).toThrow('the last row of the answer is cut off')
})

test('without masks, NaN, empty text and the value of VALUES stand for NULL', () => {
  const field = { name: 'x', datatype: 'short', arraysize: undefined, unit: undefined, ucd: undefined, nullText: '-1' }
  const read = (fields: object, hex: string) => [
    ...new BinaryRows([{ ...field, ...fields }], { masked: false }).push(Buffer.from(hex, 'hex')),
  ]
  expect(read({}, 'ffff0001')).toEqual([[null], ['1']])
  expect(read({ datatype: 'float' }, '7fc00000')).toEqual([[null]])
  expect(read({ datatype: 'char', arraysize: '*' }, '00000000')).toEqual([[null]])
})

const XML = `<?xml version="1.0"?><!DOCTYPE x><!-- <a> -->
<v:a b='1 &gt; 0' c="&#945;"><![CDATA[<&]]>x&amp;y<d/></v:a>`

test('XML is taken apart the same wherever it is divided', () => {
  const read = (pieces: readonly string[]) => {
    const scanner = new XmlScanner()
    return joinTexts(pieces.flatMap((piece) => [...scanner.push(piece)]))
  }
  const whole = read([XML])
  expect(whole).toEqual([
    { kind: 'text', text: '\n' },
    { kind: 'open', name: 'a', attributes: new Map(Object.entries({ b: '1 > 0', c: 'α' })) },
    { kind: 'text', text: '<&x&y' },
    { kind: 'open', name: 'd', attributes: new Map() },
    { kind: 'close', name: 'd' },
    { kind: 'close', name: 'a' },
  ])
  expect(read([...XML])).toEqual(whole)
  for (let at = 1; at < XML.length; at++) expect(read([XML.slice(0, at), XML.slice(at)])).toEqual(whole)
})

function joinTexts(tokens: readonly XmlToken[]): XmlToken[] {
  const joined: XmlToken[] = []
  for (const token of tokens) {
    const last = joined.at(-1)
    if (token.kind !== 'text' || last?.kind !== 'text') joined.push(token)
    else joined[joined.length - 1] = { kind: 'text', text: last.text + token.text }
  }
  return joined
}

async function eventsOf(document: string): Promise<VotableEvent[]> {
  async function* bytes() {
    yield Buffer.from(document)
  }
  const events: VotableEvent[] = []
  for await (const event of readVotable(bytes())) events.push(event)
  return events
}

test('of several tables the first is read, and of a table without data there are no rows', async () => {
  const table = (name: string, data: string) => `<TABLE><FIELD name="${name}" datatype="int"/>${data}</TABLE>`
  const row = (value: number) => `<DATA><TABLEDATA><TR><TD>${value}</TD></TR></TABLEDATA></DATA>`
  const two = await eventsOf(`<VOTABLE><RESOURCE>${table('a', row(1))}${table('b', row(2))}</RESOURCE></VOTABLE>`)
  expect(two.map((event) => (event.kind === 'fields' ? event.fields.map(({ name }) => name) : event))).toEqual([
    ['a'],
    { kind: 'row', cells: ['1'] },
  ])
  const none = await eventsOf(`<VOTABLE><RESOURCE>${table('a', '')}</RESOURCE></VOTABLE>`)
  expect(none.map(({ kind }) => kind)).toEqual(['fields'])
})

test.for([
  ['<FITS><STREAM href="x"/></FITS>', 'are FITS'],
  ['<BINARY2><STREAM href="http://elsewhere/"/></BINARY2>', 'at another address'],
])('rows that cannot be read are reported: %s', async ([data, message]) => {
  const document = `<VOTABLE><RESOURCE><TABLE><FIELD name="a" datatype="int"/><DATA>${data}</DATA></TABLE></RESOURCE></VOTABLE>`
  await expect(eventsOf(document)).rejects.toThrow(message)
})
