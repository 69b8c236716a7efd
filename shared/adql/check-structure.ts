import { nearMisses } from '../near-miss.ts'
import { comparedValues } from './compared-values.ts'
import { AdqlError } from './error.ts'
import { findForeignFunction } from './foreign-functions.ts'
import type { FunctionSet } from './functions/function-set.ts'
import type { FunctionRow } from './functions/row.ts'
import { takesCount } from './functions/signatures.ts'
import { requireSameWidth, selectedWidth } from './set-operands.ts'
import type {
  Call,
  Condition,
  Expression,
  Query,
  QueryBody,
  QueryExpression,
  Select,
  TableReference,
} from './syntax.ts'
import { didYouMean } from './table-set.ts'

/**
 * Checks what can be checked without metadata: that functions exist and take so many arguments, that aggregates stand
 * where they may, that operands of set operations have as many columns.
 *
 * @throws AdqlError of kind `unknown-function`, `arguments`, `aggregate` or `set-operands`
 */
export function checkStructure(query: Query, functions: FunctionSet): void {
  for (const { query: common } of query.with) checkQuery(common, functions)
  checkQuery(query.body, functions)
}

function checkQuery({ body, orderBy }: QueryExpression, functions: FunctionSet): void {
  checkBody(body, functions)
  for (const { by } of orderBy) if (by.kind === 'expression') checkValue(by.expression, 'anywhere', functions)
}

function checkBody(body: QueryBody, functions: FunctionSet): void {
  if (body.kind === 'select') checkSelect(body, functions)
  else if (body.kind === 'nested') checkQuery(body.query, functions)
  else {
    checkBody(body.left, functions)
    checkBody(body.right, functions)
    requireSameWidth(body, selectedWidth(body.left), selectedWidth(body.right))
  }
}

function checkSelect({ items, from, where, groupBy, having }: Select, functions: FunctionSet): void {
  for (const item of items) if (item.kind === 'expression') checkValue(item.expression, 'anywhere', functions)
  for (const reference of from) checkReference(reference, functions)
  if (where) checkCondition(where, 'WHERE', functions)
  for (const expression of groupBy) checkValue(expression, 'GROUP BY', functions)
  if (having) checkCondition(having, 'anywhere', functions)
}

function checkReference(reference: TableReference, functions: FunctionSet): void {
  if (reference.kind === 'derived') checkQuery(reference.query, functions)
  if (reference.kind !== 'join') return
  checkReference(reference.left, functions)
  checkReference(reference.right, functions)
  if (reference.on) checkCondition(reference.on, 'ON', functions)
}

/** Where a value stands; an aggregate may stand `anywhere` but in these. */
type Place = 'anywhere' | 'WHERE' | 'ON' | 'GROUP BY' | 'another aggregate'

function checkCondition(condition: Condition, place: Place, functions: FunctionSet): void {
  if ('operands' in condition) for (const operand of condition.operands) checkCondition(operand, place, functions)
  else if (condition.kind === 'not') checkCondition(condition.operand, place, functions)
  else for (const value of comparedValues<Expression>(condition)) checkValue(value, place, functions)
  if ('query' in condition) checkQuery(condition.query, functions)
}

function checkValue(expression: Expression, place: Place, functions: FunctionSet): void {
  if (expression.kind === 'call') checkCall(expression, place, functions)
  if (expression.kind === 'choice') {
    for (const { condition, value } of expression.branches) {
      checkCondition(condition, place, functions)
      checkValue(value, place, functions)
    }
    checkValue(expression.otherwise, place, functions)
  }
  if ('operand' in expression) checkValue(expression.operand, place, functions)
  if (expression.kind !== 'binary') return
  checkValue(expression.left, place, functions)
  checkValue(expression.right, place, functions)
}

function checkCall(call: Call, place: Place, functions: FunctionSet): void {
  const row = functions.find(call.name.text)
  if (row === undefined) throw unknownFunction(call, functions)
  if (row.aggregate && place !== 'anywhere') throw misplacedAggregate(call, place)
  const count = call.arguments.length
  if (!call.star && !row.signatures.some((signature) => takesCount(signature, count))) throw wrongCount(call, row)
  for (const argument of call.arguments) checkValue(argument, row.aggregate ? 'another aggregate' : place, functions)
}

function unknownFunction({ name }: Call, functions: FunctionSet): AdqlError {
  const foreign = findForeignFunction(name.text)
  const near = nearMisses(
    name.text,
    functions.rows.map((row) => row.name),
  )
  const suggestions = foreign === undefined ? near : foreign.instead === undefined ? [] : [foreign.instead]
  const hint = foreign?.hint === undefined ? '' : ` ${foreign.hint}`
  const message = `There is no function ${name.text}.${didYouMean(suggestions)}${hint}`
  return new AdqlError('unknown-function', message, name.span, { suggestions })
}

function misplacedAggregate({ name }: Call, place: Place): AdqlError {
  const upper = name.text.toUpperCase()
  const hint = place === 'WHERE' ? ` A condition on ${upper} belongs in HAVING, behind GROUP BY.` : ''
  return new AdqlError('aggregate', `The aggregate ${upper} cannot stand in ${place}.${hint}`, name.span, {
    suggestions: place === 'WHERE' ? ['HAVING'] : [],
  })
}

function wrongCount(call: Call, row: FunctionRow): AdqlError {
  const forms = row.signatures.map(({ parameters }) => `${row.name}(${parameters.map(({ name }) => name).join(', ')})`)
  const message = `${row.name} does not take ${call.arguments.length} arguments. Write ${forms.join(' or ')}.`
  return new AdqlError('arguments', message, call.span, { suggestions: forms })
}
