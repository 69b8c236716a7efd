import { findForeignFunction } from '../../foreign-functions.ts'
import { findFunction } from '../../functions/table.ts'
import type { Situation, SlipRule } from './situation.ts'

const CLAUSES = ['FROM', 'WHERE', 'GROUP', 'HAVING', 'ORDER', 'OFFSET', 'UNION', 'EXCEPT', 'INTERSECT'] as const
const ORDER_OF_CLAUSES = 'SELECT, FROM, WHERE, GROUP BY, HAVING, ORDER BY, OFFSET'
const COMPARISONS = ['=', '<>', '!=', '<', '<=', '>', '>='] as const

/** Nothing between SELECT and FROM, or a comma with nothing behind it. */
export const nothingThere: SlipRule = (situation) => {
  if (!situation.expects('a column', 'a table', 'a name')) return undefined
  const ends = situation.atEnd || situation.is(0, ...CLAUSES, ')', ';')
  if (situation.is(-1, ',') && (ends || situation.is(0, ',', 'SELECT'))) {
    const what = situation.atEnd ? 'The query ends behind a comma' : `${situation.written()} stands behind a comma`
    return { message: `${what}: take the comma away, or write what is missing.` }
  }
  if (situation.is(-1, 'FROM') && (situation.atEnd || situation.is(0, ...CLAUSES, ';'))) {
    return { message: 'FROM names a table: it is missing.' }
  }
  if (situation.is(0, 'FROM', ',') && isSelected(situation)) {
    return { message: 'Nothing is selected: write columns, or *, behind SELECT.', suggestions: ['*'] }
  }
  return undefined
}

function isSelected(situation: Situation): boolean {
  return situation.is(-1, 'SELECT', 'DISTINCT', 'ALL') || situation.is(-2, 'TOP')
}

/** A select without FROM, such as `SELECT 1`, or with a table all the same: `SELECT ra sky.star`. */
export const missingFrom: SlipRule = (situation) => {
  if (situation.is(0, '.') && situation.expects('FROM') && situation.aliasBefore) {
    const name = situation.written(-1)
    return {
      message: `FROM is missing before ${name}.`,
      suggestions: [`FROM ${name}`],
      span: situation.spanFrom(-1, -1),
    }
  }
  const ends = situation.atEnd || situation.is(0, ...CLAUSES, ';')
  if (!ends || !situation.expects('FROM')) return undefined
  return { message: 'FROM is missing: every SELECT of ADQL names a table.', suggestions: ['FROM'] }
}

/** A value where a condition belongs. */
export const valueForCondition: SlipRule = (situation) => {
  if (!situation.wantsComparison || situation.is(0, '(')) return undefined
  const predicate = situation.functionThatEnds
  const foreign = predicate === undefined ? undefined : findForeignFunction(predicate)
  if (predicate !== undefined && foreign?.hint !== undefined) {
    const { instead, hint } = foreign
    return { message: `${predicate} is not ADQL. ${hint}`, suggestions: instead === undefined ? [] : [instead] }
  }
  if (predicate === 'CONTAINS' || predicate === 'INTERSECTS') {
    return { message: `${predicate} gives 1 or 0: compare it, ${predicate}(…) = 1.`, suggestions: ['= 1'] }
  }
  const ends = situation.atEnd || situation.is(0, 'AND', 'OR', ')', ';', ...CLAUSES)
  if (!ends) return undefined
  const message = 'A condition belongs here, and this is only a value: compare it, as in x = 1 or x IS NOT NULL.'
  return { message, suggestions: ['= 1', 'IS NOT NULL'] }
}

/** A comparison where a value belongs, or behind another comparison. */
export const conditionForValue: SlipRule = (situation) => {
  if (situation.is(0, 'NOT') && situation.is(1, 'NULL')) {
    return { message: 'A test for NULL is written x IS NOT NULL.', suggestions: ['IS NOT NULL'] }
  }
  if (situation.is(0, 'EXISTS', 'NOT') && situation.wantsValue && !situation.expects('EXISTS')) return NO_VALUE
  if (!situation.is(0, ...COMPARISONS) || situation.wantsComparison || situation.wantsValue) return undefined
  if (situation.expects(')') && isCall(situation)) {
    const found = situation.written()
    return { message: `A closing parenthesis is missing before ${found}.`, suggestions: [`) ${found}`] }
  }
  if (situation.is(-2, '||') && situation.expects('AND')) {
    return { message: '|| joins texts. Between conditions write OR.', suggestions: ['OR'] }
  }
  if (situation.expects('AND')) {
    const message = 'A comparison cannot be compared again: write a < b AND b < c, or b BETWEEN a AND c.'
    return { message, suggestions: ['AND', 'BETWEEN'] }
  }
  return NO_VALUE
}

/** Whether the innermost open parenthesis belongs to a call of a function. */
function isCall(situation: Situation): boolean {
  const before = situation.stop.tokens[situation.openParenthesis - 1]
  return before?.kind === 'word' && (!before.reserved || findFunction(before.text) !== undefined)
}

const NO_VALUE = {
  message:
    'A condition is not a value: conditions stand in WHERE, ON and HAVING. IF_THEN_ELSE(condition, 1, 0) makes a value of one.',
  suggestions: ['IF_THEN_ELSE(…, 1, 0)'],
}

/** A query where it cannot stand. */
export const misplacedQuery: SlipRule = (situation) => {
  if (situation.is(0, 'WITH') && !situation.atEnd) {
    return { message: 'WITH stands only at the beginning of the whole query: define all its tables there.' }
  }
  if (situation.is(-1, ';')) return { message: 'One query at a time: nothing may follow the semicolon.' }
  if (situation.is(0, 'SELECT') && situation.is(-1, '(')) {
    const message = 'A subquery cannot be a value. It can stand in FROM (with a name), behind IN and behind EXISTS.'
    return { message, suggestions: ['FROM (SELECT …) AS x', 'IN (SELECT …)'] }
  }
  if (situation.is(0, 'SELECT') && situation.expects('UNION')) {
    return {
      message: 'A second SELECT needs UNION, EXCEPT or INTERSECT before it, or parentheses.',
      suggestions: ['UNION'],
    }
  }
  if (situation.is(0, ';')) return { message: 'The semicolon ends the query, but more is needed before it.' }
  return undefined
}

/** Clauses in another order, or twice. */
export const clauseOrder: SlipRule = (situation) => {
  if (situation.is(0, 'UNION', 'EXCEPT', 'INTERSECT') && situation.expects('OFFSET', 'ASC', ';')) {
    const message = `ORDER BY and OFFSET belong to the whole query, behind ${situation.found.text}. To sort only this part, put it in parentheses.`
    return { message, suggestions: [`(SELECT …) ${situation.found.text}`] }
  }
  const clause = ['WHERE', 'GROUP', 'HAVING', 'ORDER', 'FROM'].find((word) => situation.is(0, word))
  if (clause === undefined || situation.expects('a column', 'a table')) return undefined
  return {
    message: `${clause} cannot stand here. The clauses are written in this order, each once: ${ORDER_OF_CLAUSES}.`,
  }
}

/** Parentheses that do not match. */
export const parentheses: SlipRule = (situation) => {
  const open = situation.openParenthesis
  if (situation.is(0, ')') && open === -1) return { message: 'This parenthesis closes none: there is no ( before it.' }
  if (open === -1 || !situation.expects(')')) return undefined
  if (situation.is(0, ...CLAUSES)) {
    const found = situation.written()
    return { message: `A closing parenthesis is missing before ${found}.`, suggestions: [`) ${found}`] }
  }
  if (!situation.atEnd) return undefined
  const { start } = situation.stop.tokens[open] ?? situation.found
  const line = situation.stop.text.slice(0, start).split('\n').length
  const column = start - situation.stop.text.lastIndexOf('\n', start - 1)
  const message = `The parenthesis that opens in line ${line}, column ${column} is never closed.`
  return { message, suggestions: [')'] }
}

/** What stands behind a keyword that wants one thing. */
export const behindKeyword: SlipRule = (situation) => {
  if (situation.is(-1, 'GROUP', 'ORDER') && situation.expects('BY')) {
    const right = `${situation.at(-1).text} BY`
    return { message: `Write ${right}.`, suggestions: [right] }
  }
  if (situation.is(-1, 'IS') || (situation.is(-2, 'IS') && situation.is(-1, 'NOT'))) {
    return {
      message: 'Behind IS stand only NULL and NOT NULL; other values are compared with =.',
      suggestions: ['IS NULL', '='],
    }
  }
  if (situation.is(-2, 'IN') && situation.is(-1, '(') && situation.is(0, ')')) {
    return { message: 'The list of IN is empty: it needs a value.', suggestions: ['IN (…)'] }
  }
  if (situation.is(-1, 'IN') && situation.expects('(')) {
    return { message: 'IN takes a list or a subquery in parentheses: IN (1, 2, 3).', suggestions: ['IN (…)'] }
  }
  if (situation.is(-1, 'EXISTS') || (situation.is(-2, 'EXISTS') && situation.is(-1, '('))) {
    return { message: 'EXISTS takes a subquery in parentheses: EXISTS (SELECT …).', suggestions: ['EXISTS (SELECT …)'] }
  }
  if (situation.is(-1, 'USING') && situation.expects('(')) {
    return { message: 'USING takes columns in parentheses: USING (id).', suggestions: ['USING (…)'] }
  }
  if (situation.is(-2, 'OFFSET') && situation.is(0, '+', '-', '*', '/')) {
    return { message: 'OFFSET takes a whole number, and nothing to be computed.' }
  }
  if (
    situation.is(-1, 'BETWEEN') ||
    (situation.is(-2, 'BETWEEN') && !situation.is(0, 'AND') && situation.expects('AND'))
  ) {
    return { message: 'BETWEEN takes two values: x BETWEEN a AND b.', suggestions: ['BETWEEN … AND …'] }
  }
  if (situation.is(0, 'ON') && situation.is(-1, 'DISTINCT')) {
    const message = 'ADQL has no DISTINCT ON: group by these columns and take MIN or MAX of the others.'
    return { message, suggestions: ['GROUP BY'] }
  }
  if (situation.is(0, 'DISTINCT') && situation.openParenthesis !== -1) {
    return { message: 'DISTINCT stands right behind SELECT, or first in an aggregate: COUNT(DISTINCT a).' }
  }
  if (situation.is(-1, 'OFFSET'))
    return { message: 'OFFSET takes a whole number, such as OFFSET 100.', suggestions: ['OFFSET 100'] }
  if (situation.is(-1, 'NOT') && situation.is(0, 'NULL')) {
    return { message: 'Write IS NOT NULL.', suggestions: ['IS NOT NULL'] }
  }
  return undefined
}

/** WITH and what belongs to it. */
export const commonTables: SlipRule = (situation) => {
  if (situation.is(-2, 'WITH') && situation.is(-1, 'RECURSIVE') && situation.expects('AS')) {
    return { message: 'ADQL has no recursive queries.', span: situation.spanFrom(-1, -1) }
  }
  if (situation.is(-1, 'AS') && situation.is(0, 'SELECT') && situation.expects('(')) {
    return { message: 'The query of WITH stands in parentheses: WITH x AS (SELECT …).', suggestions: ['(SELECT …)'] }
  }
  if (
    situation.atEnd &&
    situation.is(-1, ')') &&
    situation.expects('SELECT') &&
    situation.stop.tokens[0]?.text === 'WITH'
  ) {
    return { message: 'WITH only defines tables: the SELECT that uses them is missing.', suggestions: ['SELECT'] }
  }
  return undefined
}

/** Joins that are written in another order. */
export const joins: SlipRule = (situation) => {
  if (situation.is(0, 'OUTER') && situation.expects('LEFT')) {
    const forms = ['LEFT OUTER JOIN', 'RIGHT OUTER JOIN', 'FULL OUTER JOIN']
    return { message: `OUTER needs a side: ${forms.join(', ')}.`, suggestions: forms }
  }
  if (situation.is(0, ')') && situation.expects('JOIN') && situation.expects('AS') && !situation.expects(')')) {
    return { message: 'A single table stands in FROM without parentheses; they are for joins and subqueries.' }
  }
  const namesJoin = situation.is(0, 'AS') || (situation.found.kind === 'word' && !situation.found.reserved)
  if (namesJoin && situation.is(-1, ')') && situation.expects('JOIN') && !situation.expects('AS', 'a name')) {
    return { message: 'A join in parentheses has no name of its own: its tables keep theirs.' }
  }
  if (situation.is(0, 'NATURAL') && situation.expects('JOIN')) {
    return {
      message: 'NATURAL stands first: NATURAL LEFT JOIN.',
      suggestions: [`NATURAL ${situation.at(-1).text} JOIN`],
    }
  }
  if (situation.is(0, 'ON', 'USING') && situation.expects('JOIN')) {
    if ([-2, -3, -4, -5, -6, -7].some((offset) => situation.is(offset, 'NATURAL'))) {
      return { message: `NATURAL JOIN compares all columns of the same name: it takes no ${situation.found.text}.` }
    }
    return { message: `${situation.found.text} belongs to a JOIN: there is none before it that wants a condition.` }
  }
  if (situation.expects('JOIN') && situation.is(-1, 'INNER', 'LEFT', 'RIGHT', 'FULL', 'OUTER', 'CROSS', 'NATURAL')) {
    return { message: `JOIN is missing behind ${situation.at(-1).text}.`, suggestions: ['JOIN'] }
  }
  return undefined
}

/** A subquery in FROM without a name. */
export const unnamedSubquery: SlipRule = (situation) => {
  const wantsName = situation.is(-1, ')') && situation.expects('AS') && situation.expects('a name')
  if (!wantsName || situation.expects(',') || situation.expects('FROM')) return undefined
  return { message: 'A subquery in FROM needs a name: (SELECT …) AS x.', suggestions: ['AS x'] }
}

/** Two texts behind each other. */
export const adjacentTexts: SlipRule = (situation) => {
  if (situation.found.kind !== 'string') return undefined
  if (situation.at(-1).kind === 'word' && situation.at(-1).end === situation.found.start) {
    return {
      message: `A text has no prefix in ADQL: write ${situation.written()}.`,
      suggestions: [situation.written()],
    }
  }
  if (situation.at(-1).kind !== 'string') return undefined
  if (situation.at(-1).end === situation.found.start) return undefined
  const message = 'Two texts stand behind each other: join them with ||, or put a comma between them.'
  return { message, suggestions: ['||', ','] }
}

/** A text where a name belongs. */
export const textForName: SlipRule = (situation) => {
  if (situation.found.kind !== 'string' || situation.wantsValue || !situation.expects('a name', 'a table'))
    return undefined
  const name = `"${situation.found.text}"`
  if (!situation.is(-1, 'AS', 'FROM', 'JOIN', '.')) return undefined
  return { message: `A name is written without quotes or in double quotes: ${name}.`, suggestions: [name] }
}

/** Two conditions behind each other. */
export const missingAnd: SlipRule = (situation) => {
  const begins = situation.endsValue(0) || situation.is(0, 'NOT', 'EXISTS', '(') || isFunctionCall(situation)
  if (!begins || situation.is(0, ')', '*') || !situation.expects('AND') || !situation.expects('OR')) return undefined
  const found = situation.written()
  return { message: `AND or OR is missing before ${found}.`, suggestions: [`AND ${found}`, `OR ${found}`] }
}

/** Two values behind each other in a list. */
export const missingComma: SlipRule = (situation) => {
  if (!situation.expects(',')) return undefined
  const beginsValue = (situation.endsValue(0) && !situation.is(0, ')', '*')) || isFunctionCall(situation)
  if (!beginsValue || !situation.endsValue(-1)) return undefined
  return { message: `A comma is missing before ${situation.written()}.`, suggestions: [`, ${situation.written()}`] }
}

function isFunctionCall(situation: Situation): boolean {
  return situation.found.kind === 'word' && situation.is(1, '(')
}
