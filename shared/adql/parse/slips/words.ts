import { nearMiss } from '../../../near-miss.ts'
import { findForeignFunction } from '../../foreign-functions.ts'
import { findFunction } from '../../functions/table.ts'
import { quote } from '../../names.ts'
import { didYouMean } from '../../table-set.ts'
import { castTypesFor } from './cast-types.ts'
import type { Situation, Slip, SlipRule } from './situation.ts'

const NO_CASE: Slip = {
  message:
    'ADQL has no CASE. Write IF_THEN_ELSE(condition, value, otherwise), or CASE_CONDITION(otherwise, condition, value, …) for several; COALESCE(a, b) replaces NULLs.',
  suggestions: ['IF_THEN_ELSE(…, …, …)', 'CASE_CONDITION(…, …, …)', 'COALESCE(a, b)'],
}
const NO_BOOLEAN: Slip = {
  message: "ADQL has no literals TRUE and FALSE. Compare a boolean column with a text: flag = 'true'.",
  suggestions: ["'true'", "'false'"],
}
const NO_TIME_LITERAL: Slip = {
  message:
    "ADQL has no DATE and TIMESTAMP in front of a text. Compare with the text alone, or write CAST('2021-01-14' AS TIMESTAMP).",
  suggestions: ['CAST(… AS TIMESTAMP)'],
}
const NO_QUANTIFIER: Slip = {
  message: 'ADQL has no comparison with ALL, ANY or SOME. Write EXISTS, IN, or join a subquery with MAX or MIN.',
}
const NO_WINDOW: Slip = { message: 'ADQL has no window functions. Group in a subquery and join it.' }
const ONLY_QUERIES: Slip = {
  message: 'A TAP service answers queries only: they begin with SELECT or WITH.',
  suggestions: ['SELECT'],
}
const NO_PATTERN: Slip = {
  message:
    'ADQL has no regular expressions. Write LIKE, in which % stands for any text and _ for one character; ILIKE ignores case.',
  suggestions: ['LIKE', 'ILIKE'],
}

/** Words of SQL that ADQL lacks. */
const FOREIGN_WORDS: Readonly<Record<string, Slip>> = {
  CASE: NO_CASE,
  TRUE: NO_BOOLEAN,
  FALSE: NO_BOOLEAN,
  UNKNOWN: NO_BOOLEAN,
  ANY: NO_QUANTIFIER,
  SOME: NO_QUANTIFIER,
  OVER: NO_WINDOW,
  FILTER: NO_WINDOW,
  SIMILAR: NO_PATTERN,
  REGEXP: NO_PATTERN,
  RLIKE: NO_PATTERN,
  GLOB: NO_PATTERN,
  MATCHES: NO_PATTERN,
  ISNULL: { message: 'Write IS NULL in two words.', suggestions: ['IS NULL'] },
  NOTNULL: { message: 'Write IS NOT NULL.', suggestions: ['IS NOT NULL'] },
  ESCAPE: {
    message: 'ADQL has no ESCAPE: % and _ are always wildcards in LIKE. Compare with = where they are meant literally.',
  },
  NULLS: { message: 'ADQL does not say where NULLs are sorted. Leave them out with WHERE … IS NOT NULL.' },
  LATERAL: { message: 'A subquery in FROM cannot use its neighbours in ADQL. Join it with ON instead.' },
  VALUES: { message: 'ADQL has no VALUES. Upload a table: TAP_UPLOAD.name.' },
  TABLESAMPLE: {
    message: 'ADQL has no TABLESAMPLE. Write WHERE RAND() < 0.01, or use a random_index column if the table has one.',
  },
  MATERIALIZED: { message: 'ADQL has no MATERIALIZED: write WITH name AS (SELECT …).' },
  RECURSIVE: { message: 'ADQL has no recursive queries.' },
  INTO: { message: 'ADQL has no INTO: the result is what the service sends back.' },
  FOR: { message: 'ADQL has no FOR UPDATE: a query only reads.' },
  RETURNING: ONLY_QUERIES,
  EXPLAIN: ONLY_QUERIES,
}

const STATEMENTS: ReadonlySet<string> = new Set([
  'ALTER',
  'BEGIN',
  'CALL',
  'COMMIT',
  'COPY',
  'CREATE',
  'DELETE',
  'DESCRIBE',
  'DROP',
  'EXEC',
  'EXECUTE',
  'EXPLAIN',
  'GRANT',
  'INSERT',
  'MERGE',
  'ROLLBACK',
  'SET',
  'SHOW',
  'TABLE',
  'TRUNCATE',
  'UPDATE',
  'USE',
  'VALUES',
])

/** The first word of the text. */
export const noQuery: SlipRule = (situation) => {
  const { stop, found } = situation
  if (!(situation.expects('WITH') && situation.expects('SELECT')) || stop.index > 0) return undefined
  if (situation.atEnd) return { message: 'The query is empty. It begins with SELECT or WITH.', suggestions: ['SELECT'] }
  if (found.kind === 'word' && STATEMENTS.has(found.text)) return ONLY_QUERIES
  const near = found.kind === 'word' ? nearMiss(found.text, ['SELECT', 'WITH']) : undefined
  if (near !== undefined) return misspelt(situation, near)
  return { message: `A query begins with SELECT or WITH, not with ${situation.written()}.`, suggestions: ['SELECT'] }
}

/** LIMIT and its relatives; a bare LIMIT is read as an alias, so the number behind it is what is found. */
export const limit: SlipRule = (situation) => {
  const offset = situation.is(0, 'LIMIT') ? 0 : situation.is(-1, 'LIMIT') ? -1 : undefined
  if (offset !== undefined) return topInstead(situation, 'LIMIT', situation.at(offset + 1).text, offset)
  if (situation.is(0, 'FETCH')) return topInstead(situation, 'FETCH FIRST', situation.at(2).text, 0)
  if (situation.is(0, 'WHERE') && situation.is(1, 'ROWNUM'))
    return topInstead(situation, 'ROWNUM', situation.at(3).text, 0)
  return undefined
}

function topInstead(situation: Situation, word: string, number: string, offset: number): Slip {
  const top = `TOP ${/^\d+$/.test(number) ? number : 'n'}`
  const message = `ADQL has no ${word}. Write SELECT ${top} … at the beginning.`
  return { message, suggestions: [top], span: situation.spanFrom(offset, offset) }
}

/** TOP: where it stands and what it takes. */
export const top: SlipRule = (situation) => {
  if (situation.is(-2, 'TOP') && situation.is(0, 'DISTINCT', 'ALL')) {
    const right = `${situation.at(0).text} TOP ${situation.at(-1).text}`
    return { message: `${situation.at(0).text} stands before TOP: SELECT ${right} …`, suggestions: [right] }
  }
  if (situation.is(-1, 'TOP') && situation.expects('a whole number')) {
    const number = situation.is(0, '(') ? situation.at(1) : situation.at(0)
    const right = `TOP ${number.kind === 'integer' ? number.text : '10'}`
    if (situation.is(0, 'FROM', ',')) {
      const name = quote(situation.written(-1))
      return {
        message: `TOP takes a whole number: ${right}. As a name, quote it: ${name}.`,
        suggestions: [right, name],
      }
    }
    return { message: `TOP takes a whole number: ${right}.`, suggestions: [right] }
  }
  if (situation.is(-2, 'TOP') && situation.is(0, ',')) {
    return {
      message: `No comma stands behind TOP ${situation.at(-1).text}.`,
      suggestions: [`TOP ${situation.at(-1).text}`],
    }
  }
  if (!situation.is(0, 'TOP')) return undefined
  const right = `SELECT TOP ${situation.at(1).kind === 'integer' ? situation.at(1).text : '10'}`
  if (situation.at(1).kind !== 'integer') return undefined
  return { message: `TOP stands right behind SELECT: ${right} …`, suggestions: [right] }
}

/** A word of SQL that ADQL lacks. The one before may have been read as an alias. */
export const foreignWord: SlipRule = (situation) => {
  const { found } = situation
  const isForeign = found.kind === 'word' && Object.hasOwn(FOREIGN_WORDS, found.text)
  if (isForeign && (found.reserved || situation.at(1).kind !== 'symbol' || situation.is(1, '('))) {
    return FOREIGN_WORDS[found.text]
  }
  const isPrefix = situation.is(0, 'DATE', 'TIME', 'TIMESTAMP', 'INTERVAL') && situation.at(1).kind === 'string'
  if (isPrefix)
    return situation.is(0, 'INTERVAL')
      ? { message: 'ADQL has no intervals of time. Use numbers of days: mjd + 1.' }
      : NO_TIME_LITERAL
  if (situation.is(0, 'ALL') && situation.is(1, '(')) return NO_QUANTIFIER
  const before = situation.at(-1)
  const isLateral = situation.is(-1, 'LATERAL') && situation.is(0, '(')
  if (!situation.aliasBefore && !isLateral) return undefined
  if (before.text === 'MINUS' && situation.is(0, 'SELECT', '(')) {
    return { message: 'ADQL has no MINUS. Write EXCEPT.', suggestions: ['EXCEPT'], span: situation.spanFrom(-1, -1) }
  }
  const slip = Object.hasOwn(FOREIGN_WORDS, before.text) ? FOREIGN_WORDS[before.text] : undefined
  return slip && { ...slip, span: situation.spanFrom(-1, -1) }
}

/** The type of a CAST. */
export const castType: SlipRule = (situation) => {
  if (situation.is(-1, 'DOUBLE') && situation.expects('PRECISION')) {
    return { message: 'The type is called DOUBLE PRECISION.', suggestions: ['DOUBLE PRECISION'] }
  }
  if (!situation.expects('SMALLINT')) return undefined
  const { text, kind } = situation.found
  if (!situation.is(-1, 'AS')) return undefined
  if (kind !== 'word') return { message: `CAST needs a type behind AS: ${TYPE_LIST}.` }
  const known = castTypesFor(text)
  const near = nearMiss(text, situation.stop.expected)
  const suggestions = known ?? (near === undefined ? [] : [near === 'DOUBLE' ? 'DOUBLE PRECISION' : near])
  return {
    message: `CAST knows no type ${situation.written()}.${didYouMean(suggestions) || ` Its types are ${TYPE_LIST}.`}`,
    suggestions,
  }
}

const TYPE_LIST =
  'SMALLINT, INTEGER, BIGINT, REAL, DOUBLE PRECISION, CHAR, VARCHAR, TIMESTAMP, POINT, CIRCLE and POLYGON'

/** Words that make the frame of a query: where a name belongs they mean that the name is missing. */
const FRAME: ReadonlySet<string> = new Set(
  `ALL AND AS ASC BETWEEN BY CROSS DESC DISTINCT EXCEPT EXISTS FROM FULL GROUP HAVING ILIKE IN INNER INTERSECT IS JOIN LEFT LIKE
  NATURAL NOT OFFSET ON OR ORDER OUTER RIGHT SELECT UNION USING WHERE WITH`.split(/\s+/),
)

/** A reserved word where a name belongs: a function without parentheses, or a column that needs quotes. */
export const reservedWord: SlipRule = (situation) => {
  const { found } = situation
  if (found.kind !== 'word' || !found.reserved || !situation.expects('a column', 'a function', 'a name', 'a table'))
    return undefined
  const onlyName = situation.is(-1, 'AS', '.') || !situation.wantsValue
  if (situation.is(1, '(') && !onlyName) return foreignFunction(situation)
  if (FRAME.has(found.text) && !(onlyName && situation.is(-1, 'AS', '.')) && !standsAsName(situation)) return undefined
  const quotedName = quote(situation.written())
  if (found.text === 'CAST' && !onlyName) {
    return {
      message: `CAST is written CAST(… AS INTEGER). As a name, quote it: ${quotedName}.`,
      suggestions: ['CAST(… AS INTEGER)', quotedName],
    }
  }
  const row = onlyName ? undefined : findFunction(found.text)
  if (row === undefined) {
    return {
      message: `${found.text} is a reserved word. As a name, quote it: ${quotedName}.`,
      suggestions: [quotedName],
    }
  }
  const call = row.signatures[0]?.parameters.length === 0 ? `${row.name}()` : `${row.name}(…)`
  const message = `${row.name} is a function: write ${call}. If it is the name of a column, quote it: ${quotedName}.`
  return { message, suggestions: [call, quotedName] }
}

/** `SELECT order FROM t`, `SELECT a, level.b`: nothing of a frame goes on like this. */
function standsAsName(situation: Situation): boolean {
  if (!situation.wantsValue || situation.is(0, 'FROM', 'SELECT', 'WHERE')) return false
  if (!situation.is(-1, 'SELECT', 'DISTINCT', 'ALL', 'BY', ',', '(')) return false
  return situation.is(1, ',', 'FROM', '.', 'AS', '+', '-', '*', '/', '=', '<', '>') || situation.at(1).kind === 'end'
}

function foreignFunction(situation: Situation): Slip | undefined {
  const { text } = situation.found
  if (FRAME.has(text)) return undefined
  const foreign = findForeignFunction(text)
  const instead = foreign?.instead === undefined ? '' : ` Write ${foreign.instead}.`
  const hint = foreign?.hint === undefined ? '' : ` ${foreign.hint}`
  return {
    message: `ADQL has no function ${text}.${hint || instead}`,
    suggestions: foreign?.instead === undefined ? [] : [foreign.instead],
  }
}

/** A keyword with a slip of the pen; the one before may have been read as an alias. */
export const misspeltKeyword: SlipRule = (situation) => {
  const { found, stop } = situation
  if (found.kind === 'word' && !found.reserved) {
    const near = nearKeyword(found.text, stop.expected)
    if (near !== undefined) return misspelt(situation, near)
  }
  if (!situation.aliasBefore) return undefined
  const near = nearKeyword(situation.at(-1).text, [...stop.expected, ...stop.expectedBefore])
  if (near === undefined) return undefined
  return { ...misspelt(situation, near, -1), span: situation.spanFrom(-1, -1) }
}

function nearKeyword(word: string, expected: readonly string[]): string | undefined {
  return word.length < 3
    ? undefined
    : nearMiss(
        word,
        expected.filter((other) => /^[A-Z]{3,}$/.test(other)),
      )
}

function misspelt(situation: Situation, near: string, offset = 0): Slip {
  const hasBy = (near === 'GROUP' || near === 'ORDER') && situation.at(offset).text.endsWith('BY')
  const meant = hasBy ? `${near} BY` : near
  return { message: `Did you mean ${meant} instead of ${situation.written(offset)}?`, suggestions: [meant] }
}
