import { AdqlError } from '../error.ts'
import type { ResolvedExpression } from '../resolved.ts'
import { keyOf } from './keys.ts'
import { operandsOf } from './operands.ts'

export function hasAggregate(expression: ResolvedExpression): boolean {
  if (expression.kind === 'call' && expression.function.aggregate) return true
  return operandsOf(expression).some(hasAggregate)
}

/**
 * In a select whose rows are groups, every value is grouped by, or made of such values, aggregates and constants.
 *
 * @throws AdqlError of kind `grouping`, about the first column that is neither
 */
export function requireGrouped(value: ResolvedExpression, groupedBy: ReadonlySet<string>): void {
  if (groupedBy.has(keyOf(value))) return
  if (value.kind === 'call' && value.function.aggregate) return
  if ((value.kind === 'column' || value.kind === 'merged-column') && value.depth === 0) {
    const name = nameOf(value)
    const how = groupedBy.size === 0 ? 'Add GROUP BY' : 'Add it to GROUP BY'
    const message = `${name} is neither grouped nor aggregated, but other values here are. ${how}${groupedBy.size === 0 ? ` ${name}` : ''}, or use an aggregate such as MAX(${name}).`
    throw new AdqlError('grouping', message, value.span, { suggestions: [`GROUP BY ${name}`, `MAX(${name})`] })
  }
  for (const operand of operandsOf(value)) requireGrouped(operand, groupedBy)
}

function nameOf(value: Extract<ResolvedExpression, { kind: 'column' | 'merged-column' }>): string {
  return value.kind === 'column' ? value.column.name.text : nameOf(value.left)
}
