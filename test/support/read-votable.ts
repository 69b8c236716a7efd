import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SaxesParser } from 'saxes'
import { expect } from 'vitest'
import { findXmlFault } from '../../shared/xml/find-fault.ts'

/** NULL in BINARY2, a single value, or the elements of an array; text is always one value. */
export type Value = null | Element | readonly Element[]
export type Element = number | bigint | boolean | string | null

interface Attributes {
  readonly [name: string]: string
}

export interface ReadTable {
  readonly fields: readonly Attributes[]
  readonly descriptions: readonly string[]
  /** Those before the table, and those after it. */
  readonly infos: readonly { readonly attributes: Attributes; readonly text: string; readonly isTrailing: boolean }[]
  /** The cells of TABLEDATA as text. */
  readonly texts: readonly (readonly string[])[]
  /** The rows of BINARY2. */
  readonly rows: readonly (readonly Value[])[]
  /** Every element with its parents: `VOTABLE/RESOURCE/TABLE`. */
  readonly paths: readonly string[]
}

/** Where `.ci/run` wants the documents of all tests, for a judge who is not ours. */
const KEPT = process.env.ALMAGEST_DOCUMENTS ?? ''

/** Those of megabytes say nothing that smaller ones do not. */
function keep(document: Uint8Array): void {
  if (KEPT === '' || document.length > 1_000_000) return
  writeFileSync(join(KEPT, `${createHash('sha256').update(document).digest('hex')}.vot`), document)
}

/** Reads a VOTable with BINARY2 or TABLEDATA, which must be well-formed, as the standard has it. */
export function readVotable(document: Uint8Array): ReadTable {
  keep(document)
  const text = new TextDecoder('utf-8', { fatal: true }).decode(document)
  expect(findXmlFault(text)).toBeNull()
  const fields: Attributes[] = []
  const descriptions: string[] = []
  const infos: { attributes: Attributes; text: string; isTrailing: boolean }[] = []
  const texts: string[][] = []
  const paths: string[] = []
  const open: { name: string; attributes: Attributes; text: string }[] = []
  let stream: string | undefined
  let isTrailing = false
  const parser = new SaxesParser()
  parser.on('opentag', ({ name, attributes }) => {
    open.push({ name, attributes: attributes as Attributes, text: '' })
    paths.push(open.map((element) => element.name).join('/'))
    if (name === 'FIELD') fields.push(attributes as Attributes)
    if (name === 'TR') texts.push([])
  })
  parser.on('text', (found) => {
    const innermost = open.at(-1)
    if (innermost !== undefined) innermost.text += found
  })
  parser.on('closetag', ({ name }) => {
    const { attributes, text: content } = open.pop()!
    if (name === 'DESCRIPTION') descriptions.push(content)
    if (name === 'INFO') infos.push({ attributes, text: content, isTrailing })
    if (name === 'TD') texts.at(-1)!.push(content)
    if (name === 'STREAM') stream = content
    if (name === 'TABLE') isTrailing = true
  })
  parser.write(text).close()
  const rows = stream === undefined ? [] : readBinary2(decodeBase64(stream), fields)
  return { fields, descriptions, infos, texts, rows, paths }
}

function decodeBase64(stream: string): Buffer {
  const base64 = stream.replaceAll(/\s/g, '')
  expect(base64).toMatch(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)
  return Buffer.from(base64, 'base64')
}

const BYTES: Readonly<Record<string, number>> = {
  boolean: 1,
  unsignedByte: 1,
  short: 2,
  int: 4,
  long: 8,
  float: 4,
  double: 8,
  floatComplex: 8,
  doubleComplex: 16,
  char: 1,
  unicodeChar: 2,
}

const BOOLEANS: ReadonlyMap<string, boolean | null> = new Map([
  ['T', true],
  ['F', false],
  ['?', null],
])

function readBinary2(bytes: Buffer, fields: readonly Attributes[]): Value[][] {
  const rows: Value[][] = []
  let position = 0
  const take = (count: number) => {
    if (position + count > bytes.length) throw new Error('the stream ends within a row')
    position += count
    return bytes.subarray(position - count, position)
  }
  while (position < bytes.length) {
    const flags = take(Math.ceil(fields.length / 8))
    const isNull = (index: number) => ((flags[index >> 3]! << (index & 7)) & 0x80) !== 0
    for (let pad = fields.length; pad < 8 * flags.length; pad++) expect(isNull(pad)).toBe(false)
    rows.push(
      fields.map(({ datatype = '', arraysize }, index) => {
        const fixed =
          arraysize === undefined ? 1 : arraysize.split('x').reduce((product, size) => product * Number(size), 1)
        const count = Number.isNaN(fixed) ? take(4).readUInt32BE() : fixed
        const cell = take(datatype === 'bit' ? Math.ceil(count / 8) : count * BYTES[datatype]!)
        return isNull(index) ? null : readCell(cell, datatype, count, arraysize)
      }),
    )
  }
  return rows
}

function readCell(cell: Buffer, datatype: string, count: number, arraysize: string | undefined): Value {
  if (datatype === 'char') return new TextDecoder('utf-8', { fatal: true }).decode(cell).replace(/\0+$/, '')
  if (datatype === 'unicodeChar') return Buffer.from(cell).swap16().toString('utf16le').replace(/\0+$/, '')
  if (datatype === 'bit') {
    return Array.from(cell, (byte) => byte.toString(2).padStart(8, '0'))
      .join('')
      .slice(0, count)
  }
  const isComplex = datatype.endsWith('Complex')
  const size = BYTES[datatype]! / (isComplex ? 2 : 1)
  const elements = Array.from({ length: cell.length / size }, (_, index) => readElement(cell, datatype, index * size))
  return isComplex || (arraysize !== undefined && arraysize !== '1') ? elements : elements[0]!
}

function readElement(cell: Buffer, datatype: string, at: number): Element {
  switch (datatype) {
    case 'boolean':
      return BOOLEANS.get(String.fromCharCode(cell[at]!))!
    case 'unsignedByte':
      return cell[at]!
    case 'short':
      return cell.readInt16BE(at)
    case 'int':
      return cell.readInt32BE(at)
    case 'long':
      return cell.readBigInt64BE(at)
    case 'float':
    case 'floatComplex':
      return cell.readFloatBE(at)
    default:
      return cell.readDoubleBE(at)
  }
}
