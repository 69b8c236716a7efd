import { AdqlError } from '../error.ts'
import { listOf } from '../table-set.ts'
import type { Stop } from './cursor.ts'
import * as calls from './slips/calls.ts'
import * as characters from './slips/characters.ts'
import { Situation, type SlipRule } from './slips/situation.ts'
import * as structure from './slips/structure.ts'
import * as words from './slips/words.ts'

/** The kinds of slips that people make, the particular before the general. The first that recognises one speaks. */
const RULES: readonly SlipRule[] = [
  characters.badCharacter,
  characters.gluedWord,
  characters.apostrophe,
  characters.numberBehind,
  characters.doubledOperator,
  words.noQuery,
  words.limit,
  words.top,
  words.castType,
  words.foreignWord,
  structure.commonTables,
  structure.misplacedQuery,
  calls.castForm,
  structure.adjacentTexts,
  structure.textForName,
  calls.literalArgument,
  calls.asterisk,
  structure.nothingThere,
  structure.missingFrom,
  words.reservedWord,
  structure.valueForCondition,
  structure.conditionForValue,
  calls.shapeAsOperand,
  structure.behindKeyword,
  structure.unnamedSubquery,
  calls.argumentCount,
  calls.rowValue,
  calls.unexpectedParenthesis,
  structure.parentheses,
  structure.joins,
  words.misspeltKeyword,
  structure.missingAnd,
  structure.missingComma,
  structure.clauseOrder,
]

/** Makes the error of a token that cannot stand where it does: the likely slip, or else what could stand there. */
export function explainStop(stop: Stop): AdqlError {
  const situation = new Situation(stop)
  const { found } = situation
  for (const rule of RULES) {
    const slip = rule(situation)
    if (slip === undefined) continue
    const { start, end } = slip.span ?? found
    return new AdqlError(
      'syntax',
      slip.message,
      { start, end },
      { suggestions: slip.suggestions ?? [], expected: stop.expected },
    )
  }
  const expected = listOf(summarise(stop.expected), 'or')
  const message = situation.atEnd
    ? `The query ends where ${expected || 'more'} should follow.`
    : `${situation.written()} cannot stand here.${expected === '' ? '' : ` Expected: ${expected}.`}`
  return new AdqlError('syntax', message, { start: found.start, end: found.end }, { expected: stop.expected })
}

/** What could stand somewhere, by one name where two or more of a group could. */
const GROUPS: readonly (readonly [name: string, members: readonly string[]])[] = [
  [
    'a value',
    ['a column', 'a function', 'a number', 'a text', '(', '+', '-', 'NULL', 'NOT', 'EXISTS', 'a shape', 'a point'],
  ],
  ['a comparison', ['=', '<>', '!=', '<', '<=', '>', '>=', 'IS', 'BETWEEN', 'IN', 'LIKE', 'ILIKE', 'NOT']],
  ['an operator', ['+', '-', '*', '/', '||']],
  ['an alias', ['a name', 'AS']],
  ['a join', ['JOIN', 'INNER', 'LEFT', 'RIGHT', 'FULL', 'NATURAL', 'CROSS', 'ON', 'USING']],
  ['a set operation', ['UNION', 'EXCEPT', 'INTERSECT']],
]

const NAMED: Readonly<Record<string, string>> = { ',': 'a comma', GROUP: 'GROUP BY', ORDER: 'ORDER BY' }

function summarise(expected: readonly string[]): string[] {
  let left = expected.filter((word) => word !== ';' && word !== '.')
  const named: string[] = []
  for (const [name, members] of GROUPS) {
    const there = left.filter((word) => members.includes(word))
    if (there.length < 2 || (name === 'a value' && !there.some((word) => word.startsWith('a ')))) continue
    named.push(name)
    left = left.filter((word) => !members.includes(word))
  }
  return [...named, ...left.map((word) => NAMED[word] ?? word)]
}
