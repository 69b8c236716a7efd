import type { FunctionRow, Parameter } from '../functions/row.ts'
import { takesConditions } from '../functions/signatures.ts'
import { findFunction } from '../functions/table.ts'
import type { Branch, Call, Cast, CastTarget, Choice, Expression } from '../syntax.ts'
import { type Content, plainContent, type ReadValue, requireString } from './content.ts'
import type { Cursor } from './cursor.ts'
import { readGeometry } from './geometry.ts'
import { atShape } from './kinds.ts'

/** A call: a word and `(` follow. */
export function readCall(cursor: Cursor, readValue: ReadValue): Call | Cast | Choice {
  if (cursor.isAhead(0, 'CAST')) return readCast(cursor, readValue)
  const row = findFunction(cursor.token.text)
  if (row !== undefined && takesConditions(row)) return readChoice(cursor, row, readValue)
  const builtIn = row === undefined || row.group === 'udf' ? undefined : row
  if (builtIn === undefined && !cursor.atName('a function')) throw cursor.unexpected()
  const name = cursor.takeName()
  cursor.require('(')
  const content = cursor.nested(() =>
    builtIn === undefined ? plainContent(readAnyArguments(cursor, readValue)) : readContent(cursor, builtIn, readValue),
  )
  cursor.require(')')
  return { kind: 'call', name, ...content, span: cursor.since(name.span.start) }
}

function readContent(cursor: Cursor, row: FunctionRow, readValue: ReadValue): Content {
  if (row.group === 'geometry') return readGeometry(cursor, row.name, readValue)
  if (row.aggregate) return readAggregate(cursor, row.name, readValue)
  return plainContent(readArguments(cursor, row, readValue))
}

/** The arguments of a user defined function: none, or any values. */
function readAnyArguments(cursor: Cursor, readValue: ReadValue): Expression[] {
  if (cursor.at(')')) return []
  const values = [readValue(cursor)]
  while (cursor.accept(',')) values.push(readValue(cursor))
  return values
}

/** The arguments of a function of the grammar, which knows how many they are. */
function readArguments(cursor: Cursor, row: FunctionRow, readValue: ReadValue): Expression[] {
  const [signature] = row.signatures
  if (signature === undefined) return []
  const { parameters, optional = 0, repeats = 0 } = signature
  const values: Expression[] = []
  for (const parameter of parameters) {
    if (values.length > 0) {
      if (values.length >= parameters.length - optional && cursor.at(')')) return values
      cursor.require(',')
    } else if (parameters.length === optional && cursor.at(')')) return values
    values.push(readArgument(cursor, parameter, readValue))
  }
  while (repeats > 0 && cursor.accept(',')) values.push(readValue(cursor))
  return values
}

function readArgument(cursor: Cursor, parameter: Parameter, readValue: ReadValue): Expression {
  if (parameter.literal) return requireString(cursor)
  if (parameter.type !== 'ANY' && atShape(cursor)) throw cursor.unexpected()
  const { token } = cursor
  if (parameter.type === 'INTEGER' && token.kind === 'number') throw cursor.unexpected()
  return readValue(cursor)
}

function readAggregate(cursor: Cursor, name: string, readValue: ReadValue): Content {
  if (name === 'COUNT' && cursor.accept('*')) {
    return { arguments: [], coordinateSystem: undefined, distinct: false, star: true }
  }
  const distinct = cursor.accept('DISTINCT')
  if (!distinct) cursor.accept('ALL')
  return { arguments: [readValue(cursor)], coordinateSystem: undefined, distinct, star: false }
}

function readChoice(cursor: Cursor, row: FunctionRow, readValue: ReadValue): Choice {
  const name = cursor.takeName()
  cursor.require('(')
  const choice = cursor.nested(() =>
    row.signatures.some(({ repeats }) => repeats) ? readCases(cursor, readValue) : readIf(cursor, readValue),
  )
  cursor.require(')')
  return { kind: 'choice', name, ...choice, span: cursor.since(name.span.start) }
}

type Choices = Pick<Choice, 'branches' | 'otherwise'>

/** `condition, value, otherwise` */
function readIf(cursor: Cursor, readValue: ReadValue): Choices {
  const branch = readBranch(cursor, readValue)
  cursor.require(',')
  return { branches: [branch], otherwise: readValue(cursor) }
}

/** `otherwise, condition, value …` */
function readCases(cursor: Cursor, readValue: ReadValue): Choices {
  const otherwise = readValue(cursor)
  cursor.require(',')
  const branches = [readBranch(cursor, readValue)]
  while (cursor.accept(',')) branches.push(readBranch(cursor, readValue))
  return { branches, otherwise }
}

function readBranch(cursor: Cursor, readValue: ReadValue): Branch {
  const condition = cursor.readers.condition(cursor)
  cursor.require(',')
  return { condition, value: readValue(cursor) }
}

const CAST_TARGETS: readonly CastTarget[] = [
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'REAL',
  'DOUBLE PRECISION',
  'CHAR',
  'VARCHAR',
  'TIMESTAMP',
  'POINT',
  'CIRCLE',
  'POLYGON',
]

function readCast(cursor: Cursor, readValue: ReadValue): Cast {
  const { start } = cursor.take()
  cursor.require('(')
  const operand = cursor.nested(() => readValue(cursor))
  cursor.require('AS')
  const target = readCastTarget(cursor)
  const hasLength = (target === 'CHAR' || target === 'VARCHAR') && cursor.accept('(')
  const length = hasLength ? cursor.requireWholeNumber('a length (a whole number)') : undefined
  if (hasLength) cursor.require(')')
  cursor.require(')')
  return { kind: 'cast', operand, target, length, span: cursor.since(start) }
}

function readCastTarget(cursor: Cursor): CastTarget {
  for (const target of CAST_TARGETS) {
    const [first = target, second] = target.split(' ')
    if (!cursor.accept(first)) continue
    if (second !== undefined) cursor.require(second)
    return target
  }
  throw cursor.unexpected()
}
