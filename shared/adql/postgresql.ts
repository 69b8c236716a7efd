import { conditionSql } from './postgresql/conditions.ts'
import type { Context, FindBounds, GeometryStrategy } from './postgresql/context.ts'
import { expressionSql, storedColumnSql } from './postgresql/expressions.ts'
import { queryExpressionSql, querySql } from './postgresql/query.ts'
import type { ResolvedQuery } from './resolved.ts'

export type { GeometryStrategy } from './postgresql/context.ts'

export interface PostgresqlOptions {
  /**
   * `portable`: B-trees on the latitudes, no extension. `pgsphere`: GiST on spoint(radians(ra), radians(dec)), columns
   * of spoint, scircle, spoly. `postgis`: GiST on st_setsrid(st_makepoint(case when ra > 180 then ra - 360 else ra end,
   * dec), 4326)::geography, columns of geography.
   */
  readonly geometry: GeometryStrategy
  /** Which columns of regions have another one with their bounds, and an index on it. */
  readonly findBounds?: FindBounds
  /** No more rows than this: MAXREC and one, to see an overflow. */
  readonly maxRows?: bigint
}

/** What a session must have set for the SQL to mean what it says. */
export const POSTGRESQL_SETTINGS: Readonly<Record<string, string>> = {
  standard_conforming_strings: 'on',
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  extra_float_digits: '1',
  // Compiling the long expressions of geometry takes longer than computing them.
  jit: 'off',
}

/**
 * One SELECT of PostgreSQL, its columns c1, c2 … in the order of `query.columns`, cast to what the FIELDs say: numbers
 * and booleans as such, text without the blanks of CHAR(n), timestamps as text in DALI's form, points, circles and
 * polygons as float8[] in degrees. All names are from the metadata, all literals from the tree.
 *
 * @throws AdqlError of kind `unsupported` for geometry that the strategy lacks, `region` for a polygon that is none
 */
export function toPostgresql(query: ResolvedQuery, { geometry, findBounds, maxRows }: PostgresqlOptions): string {
  return querySql(query, maxRows, contextOf({ geometry, findBounds }, new Map()))
}

function contextOf(means: Pick<Context, 'geometry' | 'findBounds'>, known: Context['known']): Context {
  const context: Context = {
    ...means,
    known,
    expression: (expression) => expressionSql(expression, context),
    column: storedColumnSql,
    condition: (condition, filtering) => conditionSql(condition, filtering, context),
    subquery: (inner, columns = inner.columns) =>
      `(${queryExpressionSql(inner, { columns, outermost: false }, undefined, context)})`,
    knowing: (more) => contextOf(means, new Map([...known, ...more])),
  }
  return context
}
