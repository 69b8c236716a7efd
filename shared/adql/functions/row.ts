import type { ValueType } from '../value-type.ts'

export type DialectName = 'postgresql' | 'qserv'

/**
 * What an argument may be, in the words of the capabilities document. DOUBLE, REAL, NUMERIC: any number. INTEGER, BIGINT:
 * any integer. TEXT: any string. GEOMETRY: any shape. ARRAY: numbers or booleans in one dimension. CONDITION: what
 * may stand in WHERE; the parser keeps it apart from values. ANY: everything that can be compared. A type beside others of
 * its function's signatures decides which of them is meant.
 */
export type ParameterType =
  | 'DOUBLE'
  | 'REAL'
  | 'NUMERIC'
  | 'INTEGER'
  | 'BIGINT'
  | 'TEXT'
  | 'TIMESTAMP'
  | 'POINT'
  | 'CIRCLE'
  | 'POLYGON'
  | 'GEOMETRY'
  | 'ARRAY'
  | 'CONDITION'
  | 'ANY'

export interface Parameter {
  readonly name: string
  readonly type: ParameterType
  /** Of a text: only a literal will do, because it is read when the query is translated. Of a number: a constant. */
  readonly literal?: true
  /** Of a literal: what it may be, with case. */
  readonly values?: readonly string[]
  /** What a constant must lie between; `what` is how a message calls it. Longitudes wrap, so a right one is offered. */
  readonly range?: {
    readonly what: string
    readonly from: number
    readonly to: number
    readonly unit?: 'degrees'
    readonly wraps?: true
  }
}

/** A type and unit, as far as they are known when an expression is resolved. */
export interface Typed {
  readonly type: ValueType
  readonly unit: string | undefined
}

export interface Signature {
  readonly parameters: readonly Parameter[]
  /** How many of the last parameters may be left out. */
  readonly optional?: number
  /** The last so many parameters may be repeated, always all of them: `COALESCE(a, b, c …)`, vertices of a polygon. */
  readonly repeats?: number
  /** The result in the words of the capabilities document. */
  readonly returns: string
  /** The result's type: always the same, or made of those of the arguments. */
  readonly result: ValueType | ((types: readonly ValueType[]) => ValueType)
  /** The result's unit: always the same, or made of those of the arguments. Left out: none. */
  readonly unit?: string | ((values: readonly Typed[]) => string | undefined)
}

/**
 * Makes SQL of the arguments' SQL. Each is printed in its parameter's type (DOUBLE as double precision) and can stand as an
 * operand or an argument as it is; the dialect puts parentheses around the result where it needs them.
 */
export type SqlOfCall = (...values: readonly string[]) => string

/** `own`: printed by the dialect's own code (geometry, which depends on the strategy). */
export type SqlRule = SqlOfCall | { readonly refused: string } | 'own'

/**
 * One function of the language: all that the parser, the resolver, the dialects, the capabilities document and the
 * page `docs/adql.md` know of it.
 */
export interface FunctionRow {
  /** As documents write it; calls are compared without case. */
  readonly name: string
  /**
   * `udf`: not in ADQL, declared as a user defined function. All others are words of the grammar: the parser knows how
   * many arguments they take.
   */
  readonly group:
    | 'mathematical'
    | 'trigonometrical'
    | 'string'
    | 'aggregate'
    | 'conditional'
    | 'unit'
    | 'geometry'
    | 'udf'
  readonly signatures: readonly Signature[]
  /** One or two sentences for a reader who knows the subject. */
  readonly meaning: string
  /** Makes one value of many rows: not in WHERE, ON, GROUP BY or another aggregate. */
  readonly aggregate?: true
  /** Another value each time: never folded, moved or evaluated twice. */
  readonly volatile?: true
  readonly deprecated?: string
  readonly sql: Readonly<Record<DialectName, SqlRule>>
}
