import type { JoinPair, ResolvedJoin, ResolvedTableReference, Source } from '../resolved.ts'
import type { Context } from './context.ts'
import { besideSql } from './expressions.ts'
import { tableSql } from './names.ts'

export function tableReferenceSql(reference: ResolvedTableReference, context: Context): string {
  return reference.kind === 'source' ? sourceSql(reference.source, context) : joinSql(reference, context)
}

function sourceSql({ id, of }: Source, context: Context): string {
  switch (of.kind) {
    case 'table':
      return `${tableSql(of.table)} as s${id}`
    case 'common':
      return `w${of.common.id} as s${id}`
    case 'derived':
      return `${context.subquery(of.query)} as s${id}`
  }
}

function joinSql(join: ResolvedJoin, context: Context): string {
  const left = tableReferenceSql(join.left, context)
  const right = tableReferenceSql(join.right, context)
  const on = onSql(join, context)
  if (on === undefined && join.type === 'inner') return `(${left} cross join ${right})`
  return `(${left} ${join.type} join ${right} on ${on ?? 'true'})`
}

function onSql({ type, left, right, on, pairs }: ResolvedJoin, context: Context): string | undefined {
  if (on !== undefined) {
    const condition = context.condition(on, true)
    return type === 'full' ? `(${condition}) and ${alwaysEqual(left, right)}` : condition
  }
  if (pairs.length === 0) return undefined
  return pairs.map((pair) => pairSql(pair, context)).join(' and ')
}

function pairSql({ left, right }: JoinPair, context: Context): string {
  return `${besideSql(left, right.type, context)} = ${besideSql(right, left.type, context)}`
}

/** PostgreSQL's FULL JOIN needs an equality of a value of the left with one of the right; this one is always true. */
function alwaysEqual(left: ResolvedTableReference, right: ResolvedTableReference): string {
  return [left, right].map((side) => `case when ${firstSource(side)}.* is null then 0 else 0 end`).join(' = ')
}

function firstSource(reference: ResolvedTableReference): string {
  return reference.kind === 'source' ? `s${reference.source.id}` : firstSource(reference.left)
}
