import type { FunctionSet } from '../functions/function-set.ts'
import type { ResolvedCommonTable, ResolvedQueryExpression } from '../resolved.ts'
import type { QueryExpression } from '../syntax.ts'
import type { TableSet } from '../table-set.ts'
import type { Scope } from './scope.ts'

/** What holds for the whole of a query while it is resolved. */
export interface Context {
  readonly tables: TableSet
  readonly functions: FunctionSet
  /** Common tables that have been read so far. */
  readonly common: ResolvedCommonTable[]
  /** Numbers sources and common tables. */
  readonly nextId: () => number
  /** Given, because queries hold conditions and these hold queries. `outer` is the scope that the subquery sees. */
  readonly resolveSubquery: (
    query: QueryExpression,
    outer: Scope | undefined,
    context: Context,
  ) => ResolvedQueryExpression
}
