import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chooseFormat } from '../../shared/votable/formats.ts'
import { readTable } from '../../shared/votable/read-table.ts'
import { writeResult } from '../../shared/votable/write-result.ts'
import { copyBinary, inChunks } from '../support/copy-binary.ts'
import { runs } from '../support/effort.ts'
import { KINDS, someText, type Table, tables } from '../support/random-tables.ts'

const LIMITS = { rows: 1000, bytes: 10_000_000, columns: 100 }

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const collected: Uint8Array[] = []
  for await (const part of parts) collected.push(part)
  return Buffer.concat(collected)
}

async function write({ fields, bytes }: Table, format: string): Promise<Buffer> {
  const options = { format: chooseFormat(format)!, maxRows: 1e9, onError: 'throw' as const, describeError: String }
  return collect(writeResult(inChunks(bytes, [1000]), { fields, infos: [], services: [] }, options))
}

describe('what is written is read back bit for bit, however it comes', () => {
  test.each(['votable/b2', 'votable/td'])('as %s', async (format) => {
    await fc.assert(
      fc.asyncProperty(
        tables(KINDS),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 3 }),
        async (table, sizes) => {
          const document = await write(table, format)
          const read = await readTable(inChunks(document, sizes), { name: 't', contentType: null, limits: LIMITS })
          expect(read.fields).toEqual(table.fields)
          expect((await collect(read.rows)).toString('hex')).toBe(table.bytes.toString('hex'))
        },
      ),
      { numRuns: runs(50) },
    )
  })
})

/** First rows that leave no doubt of what a column is; CSV says nothing of types. */
const PLAIN = [
  { datatype: 'boolean', type: 'bool', first: true, value: fc.boolean() },
  { datatype: 'long', type: 'int8', first: 1n, value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  { datatype: 'double', type: 'float8', first: 0.5, value: fc.double() },
  { datatype: 'unicodeChar', type: 'text', first: 'é', value: fc.oneof(someText, fc.constant('')) },
] as const

describe('CSV and TSV', () => {
  test.each(['csv', 'tsv'] as const)(
    'what is written as %s is read back, with the types that the cells have',
    async (format) => {
      const cells = fc.tuple(...PLAIN.map(({ value }) => fc.option(value as fc.Arbitrary<unknown>, { nil: null })))
      const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 3 })
      await fc.assert(
        fc.asyncProperty(fc.array(cells, { maxLength: 5 }), sizes, async (found, cuts) => {
          // TSV has one way to write nothing.
          const rows = [PLAIN.map(({ first }) => first), ...found].map((row) =>
            row.map((cell) => (format === 'tsv' && cell === '' ? null : cell)),
          )
          const fields = PLAIN.map(({ datatype }) => ({
            name: `a "${datatype}",`,
            datatype,
            ...(datatype === 'unicodeChar' ? { arraysize: '*' } : {}),
          }))
          const bytes = copyBinary(
            PLAIN.map(({ type }) => type),
            rows as never,
          )
          const read = await readTable(inChunks(await write({ fields, bytes }, format), cuts), {
            name: 't',
            contentType: format === 'csv' ? 'text/csv' : 'text/tab-separated-values',
            limits: LIMITS,
          })
          expect(read.fields).toEqual(fields)
          expect((await collect(read.rows)).toString('hex')).toBe(bytes.toString('hex'))
        }),
        { numRuns: runs(50) },
      )
    },
  )
})
