import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkStructure } from '../../shared/adql/check-structure.ts'
import { describeError, placeOf } from '../../shared/adql/describe-error.ts'
import { AdqlError } from '../../shared/adql/error.ts'
import { STANDARD_FUNCTIONS } from '../../shared/adql/functions/table.ts'
import { parseQuery } from '../../shared/adql/parse.ts'
import { resolveQuery } from '../../shared/adql/resolve.ts'
import { TableSet } from '../../shared/adql/table-set.ts'
import { readCorpus } from '../support/adql-corpus.ts'
import { readSkyCases, readSkyTables } from '../support/adql-sky.ts'
import { runs } from '../support/effort.ts'
import { HAS_DATA, NEEDS_DATA } from '../support/golden.ts'

const tables = HAS_DATA ? readSkyTables() : new TableSet([])

/** The verdict, described; anything but an `AdqlError` fails the test. */
function verdictOn(text: string): string {
  try {
    const query = parseQuery(text)
    checkStructure(query, STANDARD_FUNCTIONS)
    resolveQuery(query, tables)
    return 'valid'
  } catch (error) {
    if (!(error instanceof AdqlError)) throw error
    const { span } = error
    expect(span.start).toBeGreaterThanOrEqual(0)
    expect(span.end).toBeGreaterThanOrEqual(span.start)
    expect(span.end).toBeLessThanOrEqual(text.length)
    return describeError(text, error)
  }
}

/** Pieces of ADQL and of what is none. */
const PIECES =
  `SELECT FROM WHERE GROUP BY ORDER HAVING UNION ALL EXCEPT INTERSECT WITH AS ( ) , . * + - / || = <> < NOT AND OR IN
  EXISTS BETWEEN LIKE IS NULL JOIN LEFT NATURAL ON USING TOP OFFSET DISTINCT CAST COUNT POINT CIRCLE CONTAINS POLYGON REGION
  IN_UNIT COALESCE a b ra sky.star 1 2.5 1e 'x' "y" ; -- ' " LIMIT CASE DESC 'deg' 5 é 🌟`.split(/\s+/)

test('every text gets a verdict, made of any characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      expect(verdictOn(text)).not.toBe('')
    }),
    { numRuns: runs(400) },
  )
})

test('every text gets a verdict, made of words of the language', () => {
  const words = fc.array(fc.constantFrom(...PIECES), { maxLength: 30 })
  fc.assert(
    fc.property(words, fc.constantFrom(' ', '', '\n'), (pieces, between) => {
      expect(verdictOn(`SELECT ${pieces.join(between)}`)).not.toBe('')
    }),
    { numRuns: runs(1000) },
  )
})

/** Long texts that are cheap to write and dear to a careless parser. */
const LONG: readonly (readonly [what: string, text: string])[] = [
  ['opening parentheses in a value', `SELECT ${'('.repeat(100_000)}`],
  ['opening parentheses in FROM', `SELECT a FROM ${'('.repeat(100_000)}`],
  ['opening parentheses in WHERE', `SELECT a FROM t WHERE ${'('.repeat(100_000)}`],
  ['opening parentheses behind IN', `SELECT a FROM t WHERE a IN ${'('.repeat(100_000)}`],
  ['nested IN', `SELECT a FROM t WHERE a ${'IN (SELECT a FROM t WHERE a '.repeat(3_500)}`],
  ['a sum', `SELECT ${'a+'.repeat(50_000)}a FROM t`],
  ['a conjunction', `SELECT a FROM t WHERE ${'a=1 AND '.repeat(12_500)}a=1`],
  ['a disjunction in parentheses', `SELECT a FROM t WHERE (${'a=1 OR '.repeat(14_000)}a=1)`],
  ['NOT', `SELECT a FROM t WHERE ${'NOT '.repeat(25_000)}a=1`],
  ['signs', `SELECT ${'- '.repeat(50_000)}a FROM t`],
  ['a list of IN', `SELECT a FROM t WHERE a IN (${'1,'.repeat(49_000)}1)`],
  ['a select list', `SELECT ${'a,'.repeat(50_000)}a FROM t`],
  ['products of tables', `SELECT a FROM ${'t,'.repeat(50_000)}t`],
  ['joins', `SELECT a FROM t ${'JOIN t '.repeat(14_000)}`],
  ['late conditions', `SELECT a FROM ${'t JOIN '.repeat(90)}t ${'ON a=1 '.repeat(14_000)}`],
  ['unions', `SELECT a FROM t ${'UNION SELECT a FROM t '.repeat(4_500)}`],
  ['function calls', `SELECT ${'ABS('.repeat(25_000)}`],
  ['quotes', "'".repeat(100_001)],
  ['double quotes', '"'.repeat(100_001)],
  ['comments', `${'--\n'.repeat(33_000)}SELECT`],
  ['minus signs without blanks', `SELECT a${'-'.repeat(100_000)}`],
  ['one word', `SELECT ${'a'.repeat(100_000)} FROM t`],
  ['one number', `SELECT ${'1'.repeat(100_000)} FROM t`],
  ['points', `SELECT ${'a.'.repeat(50_000)}a FROM t`],
  ['semicolons', `SELECT a FROM t${';'.repeat(100_000)}`],
  ['closing parentheses', `SELECT a FROM t WHERE a = 1${')'.repeat(100_000)}`],
  ['CASTs', `SELECT ${'CAST('.repeat(20_000)}`],
  ['blanks', ' '.repeat(100_000)],
]

test.each(LONG)('100 kB of %s get a verdict in linear time', (_, text) => {
  verdictOn(text.slice(0, text.length / 10))
  const before = process.cpuUsage().user
  verdictOn(text)
  const milliseconds = (process.cpuUsage().user - before) / 1000
  // Far above the 50 ms that the bench measures, far below what anything quadratic takes.
  expect(milliseconds).toBeLessThan(1000)
})

test('a query that is too long, deep or wide is refused with the limit', () => {
  const limited = (text: string, limits: Parameters<typeof parseQuery>[1]) => {
    try {
      parseQuery(text, limits)
    } catch (error) {
      if (error instanceof AdqlError) return `${error.fault}: ${error.message}`
      throw error
    }
    return 'taken'
  }
  expect(limited('SELECT a FROM t', { length: 10 })).toContain(
    'limit: The query is 15 characters long; 10 are the most',
  )
  expect(limited('SELECT ((a)) FROM t', { nesting: 1 })).toContain('limit: The query is nested more than 1 levels deep')
  expect(limited('SELECT a FROM t, u', { tables: 1 })).toContain('limit: A query may have 1 tables at most')
  expect(limited('SELECT a FROM t WHERE a IN (1, 2)', { inValues: 1 })).toContain(
    'limit: A list of IN may have 1 values',
  )
  expect(limited('SELECT a + b + c FROM t', { operators: 1 })).toContain('limit: A query may have 1 operators at most')
  expect(limited('SELECT a FROM t UNION SELECT a FROM t', { selects: 1 })).toContain(
    'limit: A query may have 1 SELECTs',
  )
  expect(limited('SELECT TOP 99999999999999999999 a FROM t', {})).toContain('limit: 99999999999999999999 is too large')
})

test('places are counted in characters, lines end with any line end', () => {
  expect(placeOf("SELECT '🌟',\r\nx", 14)).toEqual({ line: 2, column: 1, offset: 13 })
  expect(placeOf('a\rb\nc', 4)).toEqual({ line: 3, column: 1, offset: 4 })
})

describe.skipIf(!HAS_DATA)(`mutated queries of the corpus${NEEDS_DATA}`, () => {
  test('get a verdict each', () => {
    const queries = [...readCorpus(), ...readSkyCases()].map(({ adql }) => adql)
    const cut = fc.nat()
    fc.assert(
      fc.property(
        fc.constantFrom(...queries),
        cut,
        cut,
        fc.constantFrom('', ...PIECES),
        (text, from, length, piece) => {
          const start = from % (text.length + 1)
          const end = start + (length % 12)
          expect(verdictOn(`${text.slice(0, start)}${piece}${text.slice(end)}`)).not.toBe('')
        },
      ),
      { numRuns: runs(2000) },
    )
  })
})
