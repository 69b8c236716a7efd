import type { FunctionRow } from '../functions/row.ts'
import { findFunction } from '../functions/table.ts'
import type { Expression } from '../syntax.ts'
import { isGeometry } from '../value-type.ts'
import type { Cursor } from './cursor.ts'

/** The grammar keeps numbers, shapes and the rest apart by the functions that give them; only columns may be anything. */

/** The function of the grammar (not a user defined one) of this name, which gives a shape. */
function givesShape(row: FunctionRow | undefined): boolean {
  const result = row?.group === 'geometry' ? row.signatures[0]?.result : undefined
  return typeof result === 'object' && isGeometry(result)
}

function rowOf(expression: Expression): FunctionRow | undefined {
  return expression.kind === 'call' ? findFunction(expression.name.text) : undefined
}

/** A constructor of a shape, or CENTROID. */
export function isShape(expression: Expression): boolean {
  return givesShape(rowOf(expression))
}

/** POINT or CENTROID. */
export function isPointCall(expression: Expression): boolean {
  const result = rowOf(expression)?.signatures[0]?.result
  return typeof result === 'object' && result.kind === 'point'
}

/** Whether a call of a function that gives a shape follows. */
export function atShape(cursor: Cursor): boolean {
  return cursor.token.kind === 'word' && cursor.isAhead(1, '(') && givesShape(findFunction(cursor.token.text))
}

/** By its form, this is a number: arithmetic, or a function of numbers. */
export function isNumeric(expression: Expression): boolean {
  if (expression.kind === 'number' || expression.kind === 'signed') return true
  if (expression.kind === 'binary') return expression.operator !== '||'
  const row = rowOf(expression)
  if (row === undefined || row.group === 'udf' || row.aggregate || row.group === 'conditional') return false
  return row.group !== 'string' && !givesShape(row) && row.name !== 'COORDSYS'
}
