import type { TableMetadata } from '../metadata.ts'
import { constantOf } from '../resolve/constants.ts'
import type { ResolvedCondition, ResolvedExpression, ResolvedQuery, ResolvedTableReference } from '../resolved.ts'
import { isRestriction } from './conditions.ts'

/** Whether Qserv can answer a query from few chunks of its tables, and why, as a sentence. */
export interface Pruning {
  readonly pruned: boolean
  readonly why: string
}

/** Of a query that Qserv takes (`toQserv`). */
export function pruningOf({ body: { body } }: ResolvedQuery): Pruning {
  let selected = body
  while (selected.kind === 'nested') selected = selected.query.body
  if (selected.kind !== 'select') return { pruned: false, why: 'It is not one SELECT.' }
  const tables = selected.from.flatMap(tablesOf)
  const unknown = tables.find(({ qserv }) => qserv === undefined)
  if (unknown !== undefined) {
    const why = `It is not known how Qserv has partitioned ${unknown.tapName}, so all of it is read.`
    return { pruned: false, why }
  }
  const cut = tables.find(({ qserv }) => qserv?.kind === 'director' || qserv?.kind === 'child')
  if (cut === undefined) return { pruned: true, why: 'It reads no table that is partitioned.' }
  const { where } = selected
  const terms = where === undefined ? [] : where.kind === 'and' ? where.operands : [where]
  if (terms.some(isRestriction)) return { pruned: true, why: 'Only the chunks of an area are read.' }
  const id = terms.map(idOf).find((name) => name !== undefined)
  if (id !== undefined) return { pruned: true, why: `The index of ${id} finds the chunks.` }
  const advice = cut.qserv?.id === undefined ? '' : `, or ${cut.qserv.id} = a value`
  const why = `All chunks of ${cut.tapName} are read: AND a search by position with constants${advice} would restrict it.`
  return { pruned: false, why }
}

function tablesOf(reference: ResolvedTableReference): TableMetadata[] {
  if (reference.kind === 'join') return [...tablesOf(reference.left), ...tablesOf(reference.right)]
  return reference.source.of.kind === 'table' ? [reference.source.of.table] : []
}

/** The name of the director's id, where a condition gives its value or a list of them. */
function idOf(condition: ResolvedCondition): string | undefined {
  if (condition.kind === 'in-list' && !condition.negated) {
    return condition.values.every(isConstant) ? idColumn(condition.operand) : undefined
  }
  if (condition.kind !== 'comparison' || condition.operator !== '=') return undefined
  const { left, right } = condition
  return isConstant(right) ? idColumn(left) : isConstant(left) ? idColumn(right) : undefined
}

function idColumn(value: ResolvedExpression): string | undefined {
  if (value.kind !== 'column' || value.source.of.kind !== 'table') return undefined
  const name = value.column.name.text
  return value.source.of.table.qserv?.id === name ? name : undefined
}

function isConstant(value: ResolvedExpression): boolean {
  return value.kind === 'string' || constantOf(value) !== undefined
}
