import { checkStructure } from './check-structure.ts'
import { AdqlError } from './error.ts'
import type { FunctionSet } from './functions/function-set.ts'
import { STANDARD_FUNCTIONS } from './functions/table.ts'
import { nameMeans } from './metadata.ts'
import { declared, writtenName } from './names.ts'
import { resolveCondition } from './resolve/conditions.ts'
import { resolveQueryExpression } from './resolve/query.ts'
import type { Context } from './resolve/scope.ts'
import type { ResolvedQuery, ResultColumn } from './resolved.ts'
import type { CommonTable, Query } from './syntax.ts'
import type { TableSet } from './table-set.ts'

export interface ResolveOptions {
  /** What queries may call. Left out: `STANDARD_FUNCTIONS`; a site adds its own to them (`siteFunctions`). */
  readonly functions?: FunctionSet
}

/**
 * Binds every name of a query, finds the type and unit of every expression and the columns of the result.
 *
 * @throws AdqlError the first thing that is wrong, about functions and aggregates first, then in the order of the clauses
 */
export function resolveQuery(query: Query, tables: TableSet, options: ResolveOptions = {}): ResolvedQuery {
  const functions = options.functions ?? STANDARD_FUNCTIONS
  checkStructure(query, functions)
  let id = 0
  const context: Context = {
    tables,
    functions,
    defined: query.with.map(({ name }) => name),
    common: [],
    nextId: () => ++id,
    resolveSubquery: resolveQueryExpression,
    resolveCondition,
  }
  for (const common of query.with) resolveCommonTable(common, context)
  const body = resolveQueryExpression(query.body, undefined, context)
  const columns = body.columns.map(({ name, ...facts }): ResultColumn => ({ name: name.text, ...facts }))
  return { with: context.common, body, columns }
}

/** A common table sees those before it, and is seen by those behind it. */
function resolveCommonTable(common: CommonTable, context: Context): void {
  const { name, span } = common
  if (context.common.some((other) => nameMeans(name, declared(other.name)))) {
    throw new AdqlError('duplicate-table', `WITH defines ${writtenName(name)} twice.`, name.span)
  }
  const query = resolveQueryExpression(common.query, undefined, context)
  context.common.push({ id: context.nextId(), name, query, span })
}
