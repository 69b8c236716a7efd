import { describe, expect, test } from 'vitest'
import { AdqlError } from '../../shared/adql/error.ts'
import { parseQuery } from '../../shared/adql/parse.ts'

function errorOf(adql: string): AdqlError {
  try {
    parseQuery(adql)
  } catch (error) {
    if (error instanceof AdqlError) return error
    throw error
  }
  throw new Error(`taken: ${adql}`)
}

/** What people write, the piece that the error is about, a part of its message, and what it offers. */
const SLIPS: readonly (readonly [adql: string, piece: string, message: string, suggestion?: string])[] = [
  ['SELECT a FROM t LIMIT 10', 'LIMIT', 'Write SELECT TOP 10', 'TOP 10'],
  ['SELECT a FROM t FETCH FIRST 5 ROWS ONLY', 'FETCH', 'Write SELECT TOP 5', 'TOP 5'],
  ['SELECT TOP 5 DISTINCT a FROM t', 'DISTINCT', 'stands before TOP', 'DISTINCT TOP 5'],
  ['SELECT TOP (10) a FROM t', '(', 'whole number', 'TOP 10'],
  ['SELECT TOP 5, a FROM t', ',', 'No comma stands behind TOP 5'],
  ['SELECT CASE WHEN a > 1 THEN 2 END FROM t', 'CASE', 'IF_THEN_ELSE', 'IF_THEN_ELSE(…, …, …)'],
  ['SELECT a FROM t; SELECT b FROM t', 'SELECT', 'One query at a time'],
  ['SELECT a FROM `my table`', '`', 'Backticks are not ADQL', '"my table"'],
  ['SELECT a FROM [my table]', '[', 'Square brackets are not ADQL', '"my table"'],
  ['SELECT arr[1] FROM t', '[', 'ARRAY_ELEMENT(a, 1)', 'ARRAY_ELEMENT(…, 1)'],
  ['SELECT a FROM t WHERE a == 1', '=', 'one =', '='],
  ['SELECT a FROM t WHERE a => 1', '>', 'Write >=', '>='],
  ['SELECT a FROM t WHERE ! a = 1', '!', 'Write NOT before a condition', 'NOT'],
  ['SELECT a FROM t WHERE a ! = 1', '!', 'without a blank', '!='],
  ['SELECT a FROM t WHERE a = 1 && b = 2', '&', 'Write AND between conditions', 'AND'],
  ['SELECT a FROM t WHERE a = 1 || b = 2', '=', 'Between conditions write OR', 'OR'],
  ['SELECT a % 2 FROM t', '%', 'MOD(a, b)', 'MOD(a, b)'],
  ['SELECT a ** 2 FROM t', '*', 'POWER(a, b)', 'POWER(a, b)'],
  ['SELECT a::integer FROM t', ':', 'CAST(… AS INTEGER)', 'CAST(… AS INTEGER)'],
  ['SELECT a /* b */ FROM t', '*', 'Comments begin with --', '--'],
  ["SELECT a FROM t WHERE b = 'it's'", 's', "'it''s'", "'it''s'"],
  ["SELECT a FROM t WHERE b = 'M31", "'", 'never closed'],
  ['SELECT "" FROM t', '"', 'cannot be empty'],
  ['SELECT a FROM t WHERE b = “M31”', '“', 'typographic quote', "'M31'"],
  ['SELECT été FROM t', 'é', 'write "été"', '"été"'],
  ['SELECT _a FROM t', '_', 'begins with a letter', '"_a"'],
  ['SELECT 2mass FROM t', 'mass', 'a blank between them', '"2mass"'],
  ['SELECT a FROM t WHERE a = 1e', 'e', 'exponent'],
  ['SELECT size FROM t', 'size', 'reserved word', '"size"'],
  ['SELECT order FROM t', 'order', 'reserved word', '"order"'],
  ['SELECT a AS position FROM t', 'position', 'reserved word', '"position"'],
  ['SELECT a FROM s.level', 'level', 'reserved word', '"level"'],
  ['SELECT PI FROM t', 'PI', 'is a function', 'PI()'],
  ['SELECT avg FROM t', 'avg', 'is a function', '"avg"'],
  ['SELCT a FROM t', 'SELCT', 'Did you mean SELECT', 'SELECT'],
  ['SELECT a FORM t', 'FORM', 'Did you mean FROM', 'FROM'],
  ['SELECT a FROM t WEHRE a = 1', 'WEHRE', 'Did you mean WHERE', 'WHERE'],
  ['SELECT a FROM t ORDR BY a', 'ORDR', 'Did you mean ORDER', 'ORDER'],
  ['SELECT a b c FROM t', 'c', 'A comma is missing before c'],
  ["SELECT CIRCLE('ICRS', 62, -37 0.1) FROM t", '0.1', 'A comma is missing before 0.1'],
  ['SELECT a, FROM t', 'FROM', 'behind a comma'],
  ['SELECT FROM t', 'FROM', 'Nothing is selected', '*'],
  ['SELECT 1', '', 'FROM is missing', 'FROM'],
  ['SELECT a FROM (SELECT a FROM t)', '', 'needs a name', 'AS x'],
  ['SELECT a FROM t WHERE CONTAINS(p, q)', '', 'compare it', '= 1'],
  ['SELECT a FROM t WHERE flag', '', 'only a value', '= 1'],
  ['SELECT a FROM t WHERE flag = TRUE', 'TRUE', 'no literals TRUE and FALSE', "'true'"],
  ['SELECT a FROM t WHERE 1 < a < 3', '<', 'cannot be compared again', 'BETWEEN'],
  ['SELECT (a > 1) FROM t', '>', 'not a value'],
  ['SELECT a FROM t WHERE a IS 3', '3', 'only NULL and NOT NULL', '='],
  ['SELECT a FROM t WHERE a NOT NULL', 'NULL', 'IS NOT NULL', 'IS NOT NULL'],
  ['SELECT a FROM t WHERE a IN 1', '1', 'in parentheses'],
  ['SELECT a FROM t WHERE a BETWEEN 1', '', 'two values'],
  ['SELECT a FROM t WHERE a = 1 b = 2', 'b', 'AND or OR is missing'],
  ['SELECT a FROM t WHERE (a = 1', '', 'line 1, column 23 is never closed', ')'],
  ['SELECT a FROM t WHERE a = 1)', ')', 'closes none'],
  ['SELECT MAX(a FROM t', 'FROM', 'closing parenthesis is missing', ') FROM'],
  ['SELECT POWER(a) FROM t', ')', 'POWER(x, y)', 'POWER(x, y)'],
  ['SELECT ABS(a, b) FROM t', ',', 'ABS(x)', 'ABS(x)'],
  ['SELECT COUNT(t.*) FROM t', '.', 'COUNT(*)', 'COUNT(*)'],
  ['SELECT SUBSTRING(a, 1, 2) FROM t', 'SUBSTRING', 'no functions that cut'],
  ['SELECT dbo.f(a) FROM t', '(', 'no schema', 'f(…)'],
  ['SELECT IN_UNIT(a, b) FROM t', 'b', 'as a text in single quotes'],
  ['SELECT CAST(a AS FLOAT) FROM t', 'FLOAT', 'REAL or DOUBLE PRECISION', 'DOUBLE PRECISION'],
  ['SELECT CAST(a, INTEGER) FROM t', ',', 'CAST(… AS INTEGER)'],
  ["SELECT 'a' || POINT(1, 2) FROM t", 'POINT', 'gives a shape'],
  ["SELECT a FROM t WHERE b > TIMESTAMP '2020-01-01'", 'TIMESTAMP', 'Compare with the text alone'],
  ['SELECT SUM(a) OVER () FROM t', 'OVER', 'window functions'],
  ['SELECT a FROM t MINUS SELECT a FROM u', 'MINUS', 'EXCEPT', 'EXCEPT'],
  ['SELECT a FROM t ORDER BY a UNION SELECT a FROM u', 'UNION', 'in parentheses'],
  ['SELECT a FROM t OFFSET 5 ORDER BY a', 'ORDER', 'in this order'],
  ['SELECT a FROM t WHERE b = (SELECT MAX(b) FROM t)', 'SELECT', 'cannot be a value'],
  ['SELECT * FROM (WITH x AS (SELECT a FROM t) SELECT a FROM x) AS y', 'WITH', 'only at the beginning'],
  ['SELECT * FROM a NATURAL JOIN b ON a.x = b.x', 'ON', 'it takes no ON'],
  ['SELECT * FROM a LEFT NATURAL JOIN b', 'NATURAL', 'stands first', 'NATURAL LEFT JOIN'],
  ['SELECT * FROM a OUTER JOIN b ON a.x = b.x', 'OUTER', 'needs a side', 'LEFT OUTER JOIN'],
  ['SELECT a FROM (t)', ')', 'without parentheses'],
  ['SELECT a FROM (t JOIN u USING (x)) AS v', 'AS', 'has no name of its own'],
  ['SELECT a t.x', 't', 'FROM is missing before t', 'FROM t'],
  ['SELECT a FROM WHERE a = 1', 'WHERE', 'FROM names a table'],
  ['SELECT a FROM t ORDERBY a', 'ORDERBY', 'Did you mean ORDER BY', 'ORDER BY'],
  ['SELECT a & 1 FROM t', '&', 'BITWISE_AND', 'BITWISE_AND(a, b)'],
  ['SELECT 1_000 FROM t', '_', 'digits of a number', '1000'],
  ['SELECT a::int FROM t', ':', 'no casts', 'CAST(… AS INTEGER)'],
  ['WITH RECURSIVE x AS (SELECT a FROM t) SELECT a FROM x', 'RECURSIVE', 'no recursive queries'],
  ['WITH x AS SELECT a FROM t', 'SELECT', 'in parentheses', '(SELECT …)'],
  ['WITH x AS (SELECT a FROM t)', '', 'the SELECT that uses them is missing', 'SELECT'],
  ['DELETE FROM t', 'DELETE', 'answers queries only', 'SELECT'],
  ['', '', 'empty', 'SELECT'],
  ['SELECT a FROM {table}', '{', 'has not been filled in'],
]

describe('a syntax error says what the likely slip is', () => {
  const slips = SLIPS.map(([adql, piece, message, suggestion]) => ({ adql, piece, message, suggestion }))
  test.each(slips)('$adql', ({ adql, piece, message, suggestion }) => {
    const error = errorOf(adql)
    expect(error.fault).toBe('syntax')
    expect(adql.slice(error.span.start, error.span.end)).toBe(piece)
    expect(error.message).toContain(message)
    if (suggestion !== undefined) expect(error.suggestions).toContain(suggestion)
  })

  test('without a known slip it says what could stand there', () => {
    const error = errorOf('SELECT a FROM t WHERE AND a = 1')
    expect(error.message).toBe('AND cannot stand here. Expected: a value.')
    expect(error.expected).toContain('a column')
  })

  test('only the first error of a query is reported', () => {
    expect(errorOf('SELECT a FROM t WEHRE a == 1 LIMIT 5').span.start).toBe(16)
  })
})
