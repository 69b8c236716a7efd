import fc from 'fast-check'
import { parquetReadObjects } from 'hyparquet'
import { expect, it } from 'vitest'
import type { Field } from '../../shared/votable/field.ts'
import { copyBinary, inChunks } from '../support/copy-binary.ts'
import { runs } from '../support/effort.ts'
import { readCsv, readTsv } from '../support/read-delimited.ts'
import { type Element, readVotable, type Value } from '../support/read-votable.ts'
import { anyTable, readerValue, type TestTable } from '../support/votable-columns.ts'
import { writeWhole } from '../support/write-table.ts'

const write = ({ fields, types, rows }: TestTable, format: string) =>
  writeWhole(inChunks(copyBinary(types, rows), [61, 3, 500]), { fields }, format)

/** The values of a table as its reader should have them. */
const valuesOf = ({ fields, rows }: TestTable, nullElements = false) =>
  rows.map((row) => row.map((value, index) => readerValue(fields[index]!, value, nullElements)))

const RUNS = { numRuns: runs(50) }

it('BINARY2 gives back every value', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, async (table) => {
      expect(readVotable(await write(table, 'votable')).rows).toEqual(valuesOf(table))
    }),
    RUNS,
  )
})

it('TABLEDATA gives back every value, but takes an empty one for NULL', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, async (table) => {
      const { texts } = readVotable(await write(table, 'votable/td'))
      expect(
        parseTexts(
          texts.map((row) => row.map((cell) => cell || null)),
          table,
        ),
      ).toEqual(valuesOf(table).map((row) => row.map(forbiddenReplaced).map(orNothing)))
    }),
    RUNS,
  )
})

it('CSV gives back every value, and distinguishes an empty one from NULL', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, async (table) => {
      const [names, ...lines] = readCsv((await write(table, 'csv')).toString())
      expect(names).toEqual(table.fields.map(({ name }) => name))
      expect(parseTexts(lines, table)).toEqual(valuesOf(table))
    }),
    RUNS,
  )
})

it('TSV gives back every value, but takes an empty one for NULL', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, async (table) => {
      const [names, ...lines] = readTsv((await write(table, 'tsv')).toString())
      expect(names).toEqual(table.fields.map(({ name }) => name))
      expect(
        parseTexts(
          lines.map((row) => row.map((cell) => cell || null)),
          table,
        ),
      ).toEqual(valuesOf(table).map((row) => row.map(orNothing)))
    }),
    RUNS,
  )
})

it('Parquet gives back every value, NULL inside arrays too', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, async (table) => {
      const file = await write(table, 'parquet')
      const rows = await parquetReadObjects({ file: new Uint8Array(file).buffer })
      const values = rows.map((row) => table.fields.map(({ name }) => row[name] ?? null))
      const expected = valuesOf(table, true).map((row) =>
        row.map((value, index) => asParquet(value, table.fields[index]!)),
      )
      expect(values).toEqual(expected)
    }),
    RUNS,
  )
})

function isEmptyArray(value: Value): boolean {
  return Array.isArray(value) && value.length === 0
}

function orNothing(value: Value): Value {
  return value === '' || isEmptyArray(value) ? null : value
}

/** XML has no place for them (XML 1.0 §2.2). */
function forbiddenReplaced(value: Value): Value {
  return typeof value === 'string' ? value.replaceAll(/[^\t\n\r\x20-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd') : value
}

/** Bits are booleans there. */
function asParquet(value: Value, { datatype, arraysize }: Field): unknown {
  if (datatype !== 'bit' || typeof value !== 'string') return value
  const booleans = Array.from(value, (bit) => bit === '1')
  return arraysize === undefined ? booleans[0] : booleans
}

function parseTexts(lines: readonly (readonly (string | null)[])[], { fields }: TestTable): Value[][] {
  return lines.map((line) => line.map((cell, index) => parseText(cell, fields[index]!)))
}

function parseText(cell: string | null, { datatype, arraysize }: Field): Value {
  if (cell === null || datatype === 'char' || datatype === 'unicodeChar') return cell
  if (datatype === 'bit') return cell.replaceAll(' ', '')
  if (cell === '') return []
  const elements = cell.split(' ').map((element) => parseElement(element, datatype))
  const isSingle = (arraysize === undefined || arraysize === '1') && !datatype.endsWith('Complex')
  return isSingle ? elements[0]! : elements
}

function parseElement(text: string, datatype: string): Element {
  if (datatype === 'boolean') return { true: true, false: false }[text] ?? null
  if (datatype === 'long') return BigInt(text)
  const number = Number(text.replace(/Inf$/, 'Infinity'))
  if (!datatype.startsWith('float')) return number
  // The text must be no longer than the float needs.
  expect(
    text
      .replace(/e.*/, '')
      .replaceAll(/[^0-9]/g, '')
      .replace(/^0+/, '')
      .replace(/0+$/, '').length,
  ).toBeLessThan(10)
  return Math.fround(number)
}
