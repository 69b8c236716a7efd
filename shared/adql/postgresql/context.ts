import type { ColumnMetadata, SourceColumn, TableMetadata } from '../metadata.ts'
import type { ResolvedColumn, ResolvedCondition, ResolvedExpression, ResolvedQueryExpression } from '../resolved.ts'

/** How positions and shapes are stored, and what can find them by an index. */
export type GeometryStrategy = 'portable' | 'pgsphere' | 'postgis'

/** Finds the column of bounds of a column of regions: boxes of longitude, which may go beyond 360, and latitude. */
export type FindBounds = (table: TableMetadata, column: ColumnMetadata) => string | undefined

/** What the printers of expressions, conditions and shapes need of each other. */
export interface Context {
  readonly geometry: GeometryStrategy
  /** Values that FROM has computed, by their `keyOf`: names of theirs. */
  readonly known: ReadonlyMap<string, string>
  readonly findBounds: FindBounds | undefined
  /** SQL that can stand as an operand, of the type that `sqlType` names. */
  expression(expression: ResolvedExpression): string
  /** A column as it is stored. */
  column(column: ResolvedColumn): string
  /**
   * SQL of a condition. `filtering`: only true matters, so false may stand for NULL; that lets an index answer.
   */
  condition(condition: ResolvedCondition, filtering: boolean): string
  /** A query in parentheses. `columns`: as what its values are wanted, where not as they are. */
  subquery(query: ResolvedQueryExpression, columns?: readonly SourceColumn[]): string
  /** The same for what can use more values that FROM has computed. */
  knowing(more: Context['known']): Context
}
