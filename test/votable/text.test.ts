import { describe, expect, it } from 'vitest'
import type { Field } from '../../shared/votable/field.ts'
import { copyBinary, inChunks } from '../support/copy-binary.ts'
import { readCsv } from '../support/read-delimited.ts'
import { readVotable } from '../support/read-votable.ts'
import { writeColumns, writeWhole } from '../support/write-table.ts'

const text = (datatype: 'char' | 'unicodeChar', arraysize?: string): Field => ({
  name: 'c',
  datatype,
  ...(arraysize === undefined ? {} : { arraysize }),
})

/** The bytes of the rows that a BINARY2 document has. */
async function binary2(field: Field, ...values: readonly (string | null)[]): Promise<string> {
  const document = (await writeColumns([[field, 'text', ...values]])).toString()
  const stream = /<STREAM encoding="base64">([^<]*)</.exec(document)?.[1] ?? ''
  return Buffer.from(stream, 'base64').toString('latin1')
}

const everywhere = async (field: Field, ...values: readonly (string | null)[]) => {
  const columns = [[field, 'text', ...values] as const]
  const { rows } = readVotable(await writeColumns(columns))
  const { texts } = readVotable(await writeColumns(columns, 'votable/td'))
  const [, ...lines] = readCsv((await writeColumns(columns, 'csv')).toString())
  return { binary2: rows.flat(), tabledata: texts.flat(), csv: lines.flat() }
}

describe('text of a fixed length', () => {
  it('is filled up with NUL, also where it is NULL', async () => {
    expect(await binary2(text('char', '3'), 'abc', 'a', '', null)).toBe('\0abc\0a\0\0\0\0\0\0\x80\0\0\0')
    expect(await binary2(text('unicodeChar', '2'), 'ab', 'ä', null)).toBe('\0\0a\0b\0\0\xe4\0\0\x80\0\0\0\0')
    expect(await binary2(text('char'), 'a', '', null)).toBe('\0a\0\0\x80\0')
    expect(await binary2(text('unicodeChar'), 'a', null)).toBe('\0\0a\x80\0\0')
  })

  it('is cut in every format, between characters', async () => {
    for (const [field, value, cut] of [
      [text('char', '3'), 'abcdef', 'abc'],
      [text('char', '3'), 'aäöü', 'aä'],
      [text('char', '4'), 'aäöü', 'aä'],
      [text('char', '5'), 'aäöü', 'aäö'],
      [text('char', '6'), 'aa🔭', 'aa🔭'],
      [text('char', '5'), 'aa🔭', 'aa'],
      [text('unicodeChar', '3'), 'äöüß', 'äöü'],
      [text('unicodeChar', '3'), 'aa🔭', 'aa'],
      [text('unicodeChar', '4'), 'aa🔭', 'aa🔭'],
      [text('char', '2x2'), 'abcdef', 'abcd'],
      [text('char'), 'ab', 'a'],
    ] as const) {
      expect(await everywhere(field, value)).toEqual({ binary2: [cut], tabledata: [cut], csv: [cut] })
    }
  })
})

describe('text of any length', () => {
  it('has the number of its bytes, or of its units of UTF-16', async () => {
    expect(await binary2(text('char', '*'), 'aä', '', null)).toBe('\0\0\0\0\x03a\xc3\xa4\0\0\0\0\0\x80\0\0\0\0')
    expect(await binary2(text('unicodeChar', '*'), 'a🔭', null)).toBe('\0\0\0\0\x03\0a\xd8\x3d\xdd\x2d\x80\0\0\0\0')
  })

  it('is filled up to whole strings where it is an array of them', async () => {
    expect(await binary2(text('char', '3x*'), 'abcd', '', null)).toBe('\0\0\0\0\x06abcd\0\0\0\0\0\0\0\x80\0\0\0\0')
    expect(await binary2(text('unicodeChar', '2x*'), 'abc')).toBe('\0\0\0\0\x04\0a\0b\0c\0\0')
  })

  it('is not cut at the limit that its column has', async () => {
    const long = 'x'.repeat(100)
    const document = await writeColumns([[text('char', '10*'), 'text', long]])
    expect(readVotable(document)).toMatchObject({ fields: [{ arraysize: '*' }], rows: [[long]] })
  })
})

describe('bytes that are not UTF-8', () => {
  // As a database in SQL_ASCII may send them: short and long, alone and within text.
  const values = [
    ['\xff', '\ufffd'],
    ['a\xc3', 'a\ufffd'],
    ['\xed\xa0\x80', '\ufffd\ufffd\ufffd'],
    [`${'x'.repeat(100)}\xe4\xf6`, `${'x'.repeat(100)}\ufffd\ufffd`],
    ['\x80'.repeat(200), '\ufffd'.repeat(200)],
  ] as const
  const bytes = copyBinary(
    ['text'],
    values.map(([value]) => [Buffer.from(value, 'latin1')]),
  )
  const write = (field: Field, format: string) => writeWhole(inChunks(bytes, [1000]), { fields: [field] }, format)
  const expected = values.map(([, repaired]) => [repaired])

  it.each([
    ['votable', text('char', '*')],
    ['votable', text('char', '500')],
    ['votable', text('unicodeChar', '*')],
  ] as const)('are replaced in %s, in %o', async (format, field) => {
    const { rows } = readVotable(await write(field, format))
    // A fixed length counts the bytes after they are replaced.
    expect(rows.map(([value]) => String(value).slice(0, 160))).toEqual(expected.map(([value]) => value!.slice(0, 160)))
  })

  it('are replaced in TABLEDATA and CSV', async () => {
    expect(readVotable(await write(text('char', '*'), 'votable/td')).texts).toEqual(expected)
    const [, ...lines] = readCsv((await write(text('char', '*'), 'csv')).toString())
    expect(lines).toEqual(expected)
  })
})
