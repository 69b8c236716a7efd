import type { FunctionRow } from '../../functions/row.ts'
import { takesConditions } from '../../functions/signatures.ts'
import type { Situation, SlipRule } from './situation.ts'

/** `POWER(x, y)` of each signature. */
export function formsOf(row: FunctionRow): string[] {
  const star = row.name === 'COUNT' ? ['COUNT(*)'] : []
  const forms = row.signatures.map(({ parameters, optional = 0, repeats = 0 }) => {
    const names = parameters.map(({ name }) => name)
    const needed = names.slice(0, names.length - optional)
    const others = names.slice(names.length - optional)
    const rest = others.length === 0 ? '' : `[${needed.length === 0 ? '' : ', '}${others.join(', ')}]`
    return `${row.name}(${needed.join(', ')}${rest}${repeats > 0 ? ', …' : ''})`
  })
  return [...star, ...forms]
}

/** Too many or too few arguments of a function of the grammar. */
export const argumentCount: SlipRule = (situation) => {
  const row = situation.calledFunction
  if (row === undefined) return undefined
  const forms = formsOf(row)
  if (takesConditions(row) && situation.is(0, ',', ')')) {
    return { message: `${row.name} is written ${forms.join(' or ')}.`, suggestions: forms }
  }
  if (row.group === 'udf') return undefined
  const form = forms.join(' or ')
  const missing = situation.is(0, ')') && !situation.expects(')') && !situation.is(-1, ',')
  if (missing) return { message: `${row.name} needs more arguments: write ${form}.`, suggestions: forms }
  const tooMany = situation.is(0, ',') && !situation.expects(',') && situation.expects(')')
  if (tooMany) return { message: `${row.name} has no more arguments: write ${form}.`, suggestions: forms }
  if (situation.is(-1, '(') && situation.expects(')') && !situation.wantsValue) {
    return { message: `${row.name} takes no arguments: write ${form}.`, suggestions: forms }
  }
  if (situation.found.kind === 'number' && situation.is(-1, ',') && (row.name === 'ROUND' || row.name === 'TRUNCATE')) {
    return { message: `The number of digits of ${row.name} is an integer: write ${form}.`, suggestions: forms }
  }
  return undefined
}

/** A text that must be a literal. */
export const literalArgument: SlipRule = (situation) => {
  if (!situation.expects('a text in single quotes')) return undefined
  const name = situation.calledFunction?.name ?? 'This function'
  const what =
    name === 'IN_UNIT' ? "the unit as a text in single quotes: IN_UNIT(ra, 'arcsec')" : 'a text in single quotes'
  const text = situation.found.kind === 'quoted' ? [`'${situation.found.text}'`] : []
  return { message: `${name} takes ${what}; a column or an expression cannot stand here.`, suggestions: text }
}

/** A shape where a number or a text belongs. */
export const shapeAsOperand: SlipRule = (situation) => {
  const shapes = ['BOX', 'CENTROID', 'CIRCLE', 'POINT', 'POLYGON', 'REGION']
  if (situation.is(0, ...shapes) && situation.is(1, '(') && situation.is(-1, '+', '-', '*', '/', '||')) {
    return { message: `${situation.found.text} gives a shape, which has no part in ${situation.at(-1).text}.` }
  }
  const ends = situation.functionThatEnds
  if (situation.is(0, '+', '-', '*', '/', '||') && ends !== undefined && shapes.includes(ends)) {
    return {
      message: `${ends} gives a shape, which has no part in ${situation.found.text}. COORD1 and COORD2 give the coordinates of a point.`,
    }
  }
  if (situation.is(-1, '||') && situation.is(0, '+', '-')) {
    return {
      message: "|| joins texts: write the number as a text, '-1', or with CAST(… AS VARCHAR).",
      suggestions: ['CAST(… AS VARCHAR)'],
    }
  }
  if (situation.is(0, '||') && !situation.expects('||')) {
    const message =
      '|| joins texts only: make texts of numbers with CAST(… AS VARCHAR), or put parentheses around the sum.'
    return { message, suggestions: ['CAST(… AS VARCHAR)'] }
  }
  if (situation.is(0, ...shapes) && situation.is(1, '(') && situation.calledFunction !== undefined) {
    return { message: `${situation.calledFunction.name} takes a number here; ${situation.found.text} gives a shape.` }
  }
  return undefined
}

/** The form of CAST. */
export const castForm: SlipRule = (situation) => {
  const open = situation.stop.tokens[situation.openParenthesis - 1]
  if (situation.is(0, '(') && situation.is(-2, 'AS') && open?.text === 'CAST') {
    return { message: 'Only CHAR and VARCHAR have a length: CAST(x AS VARCHAR(10)).' }
  }
  if (open?.text !== 'CAST' || !situation.expects('AS')) return undefined
  const type = situation.is(0, ',')
    ? situation.at(1).text
    : situation.found.kind === 'word'
      ? situation.found.text
      : 'INTEGER'
  const form = `CAST(… AS ${type || 'INTEGER'})`
  return { message: `CAST is written ${form}.`, suggestions: [form] }
}

/** An asterisk where a value belongs. */
export const asterisk: SlipRule = (situation) => {
  const isOfTable = situation.is(0, '.') && situation.is(1, '*')
  if (!situation.is(0, '*') && !isOfTable) return undefined
  const row = situation.calledFunction
  if (row?.name === 'COUNT') {
    const what = isOfTable ? 'COUNT takes no table' : 'COUNT(DISTINCT *) is not ADQL'
    return { message: `${what}: write COUNT(*), or COUNT of one column.`, suggestions: ['COUNT(*)'] }
  }
  if (row !== undefined) return { message: `Only COUNT takes *; ${row.name} takes a value.`, suggestions: formsOf(row) }
  if (!situation.wantsValue) return undefined
  return { message: '* stands for all columns in a select list only: name the columns here.' }
}

/** A parenthesis behind a name that is no function. */
export const unexpectedParenthesis: SlipRule = (situation) => {
  if (!situation.is(0, '(')) return undefined
  if (situation.is(-2, '.'))
    return {
      message: `Functions have no schema in ADQL: write ${situation.written(-1)}(…).`,
      suggestions: [`${situation.written(-1)}(…)`],
    }
  if (situation.at(-1).kind === 'quoted') {
    return {
      message: 'The name of a function is written without quotes.',
      suggestions: [`${situation.at(-1).text}(…)`],
    }
  }
  if (isAlias(situation))
    return {
      message: 'A list of columns cannot follow a name here: give the columns their names with AS in the SELECT.',
    }
  return undefined
}

function isAlias(situation: Situation): boolean {
  return (
    situation.at(-1).kind === 'word' &&
    (situation.is(-2, 'AS', 'WITH') || situation.stop.expectedBefore.includes('a name'))
  )
}

/** `(a, b) = (1, 2)`. */
export const rowValue: SlipRule = (situation) => {
  if (!situation.is(0, ',') || situation.expects(',')) return undefined
  const open = situation.openParenthesis
  const before = situation.stop.tokens[open - 1]
  const isCall = before !== undefined && (before.kind === 'quoted' || (before.kind === 'word' && !before.reserved))
  if (open === -1 || isCall || situation.calledFunction !== undefined) return undefined
  return {
    message: 'ADQL has no row values and no lists here: compare one column at a time, joined by AND.',
    suggestions: ['AND'],
  }
}
