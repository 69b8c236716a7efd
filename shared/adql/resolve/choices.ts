import { AdqlError } from '../error.ts'
import { oneType, unitOfAll } from '../functions/general.ts'
import type { ResolvedChoice, ResolvedExpression } from '../resolved.ts'
import type { Choice, Expression } from '../syntax.ts'
import { commonType, type ValueType } from '../value-type.ts'
import { adapt, describe } from './check-types.ts'
import type { Scope } from './scope.ts'

/** Binds a choice between values, which all get one type. */
export function resolveChoice(
  choice: Choice,
  scope: Scope,
  resolve: (expression: Expression, scope: Scope) => ResolvedExpression,
): ResolvedChoice {
  const row = scope.context.functions.find(choice.name.text)
  if (row === undefined) throw new RangeError(`${choice.name.text} has not been checked`)
  const conditions = choice.branches.map(({ condition }) => scope.context.resolveCondition(condition, scope))
  const given = [...choice.branches.map(({ value }) => value), choice.otherwise].map((value) => resolve(value, scope))
  const values = alike(given)
  requireOneType(row.name, values)
  const otherwise = values.at(-1)
  if (otherwise === undefined) throw new RangeError('a choice has a last value')
  const branches = conditions.flatMap((condition, index) => {
    const value = values[index]
    return value === undefined ? [] : [{ condition, value }]
  })
  const type = oneType(values.map((value) => value.type))
  return { kind: 'choice', function: row, branches, otherwise, type, unit: unitOfAll(values), span: choice.span }
}

/** A literal beside a timestamp or a boolean is one. */
export function alike(values: readonly ResolvedExpression[]): readonly ResolvedExpression[] {
  const model = values.find(({ type }) => type.kind === 'timestamp' || type.kind === 'boolean')
  return model === undefined ? values : values.map((value) => adapt(value, model.type))
}

/** @throws AdqlError about the first value that has no type in common with those before it */
export function requireOneType(name: string, values: readonly ResolvedExpression[]): void {
  const types: ValueType[] = []
  for (const { type, span } of values) {
    if (commonType([...types, type]) === undefined) {
      const before = describe(types.find(({ kind }) => kind !== 'null') ?? type)
      const message = `All values of ${name} are of one type; this is ${describe(type)} beside ${before}.`
      throw new AdqlError('type', message, span)
    }
    types.push(type)
  }
}
