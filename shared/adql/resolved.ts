/**
 * A resolved query: what `resolveQuery` makes of a syntax tree and a `TableSet`. Names are bound to columns and sources,
 * calls to rows of the table of functions, every expression has its type and unit, `*` is written out. A dialect prints
 * SQL from this alone; no text of the user's is needed, and none is in it but literals and the names that he gave.
 *
 * Spans point into the query's text, for what a dialect has to refuse (`AdqlError` of kind `unsupported`).
 */
import type { FunctionRow, Signature } from './functions/row.ts'
import type { ColumnFacts, ColumnList, ColumnMetadata, SourceColumn, TableMetadata } from './metadata.ts'
import type { CastTarget, ComparisonOperator, Name, Span } from './syntax.ts'
import type { ValueType } from './value-type.ts'

interface Node {
  readonly span: Span
}

export interface ResolvedQuery {
  /** In the order of WITH: each may use those before it. */
  readonly with: readonly ResolvedCommonTable[]
  readonly body: ResolvedQueryExpression
  /** One a column of the result, in order: what the FIELDs say. */
  readonly columns: readonly ResultColumn[]
}

/** What a FIELD of the result says. */
export interface ResultColumn extends ColumnFacts {
  /** The alias or the catalogue's spelling, without quotes; two columns may have the same. */
  readonly name: string
}

export interface ResolvedCommonTable extends Node {
  /** Number of the common table, from 1, for a name of the dialect's own. */
  readonly id: number
  readonly name: Name
  readonly query: ResolvedQueryExpression
}

export interface ResolvedQueryExpression extends Node {
  readonly body: ResolvedQueryBody
  readonly orderBy: readonly ResolvedSortKey[]
  readonly offset: bigint | undefined
  /** The columns of `body`, under the names by which an outer query knows them. */
  readonly columns: readonly SourceColumn[]
}

export type ResolvedQueryBody = ResolvedSelect | ResolvedSetOperation | ResolvedNestedQuery

export interface ResolvedNestedQuery extends Node {
  readonly kind: 'nested'
  readonly query: ResolvedQueryExpression
  readonly columns: readonly SourceColumn[]
}

/** Both operands have as many columns as `columns`, whose types take the values of both: cast where they differ. */
export interface ResolvedSetOperation extends Node {
  readonly kind: 'set-operation'
  readonly operator: 'UNION' | 'EXCEPT' | 'INTERSECT'
  readonly all: boolean
  readonly left: ResolvedQueryBody
  readonly right: ResolvedQueryBody
  readonly columns: readonly SourceColumn[]
}

export interface ResolvedSelect extends Node {
  readonly kind: 'select'
  readonly distinct: boolean
  readonly top: bigint | undefined
  /** `*` and `t.*` written out; as many as `columns`. */
  readonly items: readonly ResolvedItem[]
  readonly columns: readonly SourceColumn[]
  readonly from: readonly ResolvedTableReference[]
  readonly where: ResolvedCondition | undefined
  readonly groupBy: readonly ResolvedExpression[]
  readonly having: ResolvedCondition | undefined
  /** Rows are groups: GROUP BY, HAVING, or an aggregate among the items or sort keys. */
  readonly grouped: boolean
}

export interface ResolvedItem {
  readonly expression: ResolvedExpression
  /** The alias that the user gave. */
  readonly alias: Name | undefined
}

/**
 * `position`: sort by this item of the select list (from 0); the user wrote its number, its alias or the same expression.
 * `expression`: by something that is not selected; never in a set operation or a select with DISTINCT.
 */
export type ResolvedSortKey = Node & {
  readonly descending: boolean
  readonly by:
    | { readonly kind: 'position'; readonly index: number }
    | { readonly kind: 'expression'; readonly expression: ResolvedExpression }
}

/** Where rows come from: one mention of a table, common table or subquery in a FROM. */
export interface Source extends Node {
  /** Number of the source, from 1, unique in the query: for a name of the dialect's own. */
  readonly id: number
  readonly of:
    | { readonly kind: 'table'; readonly table: TableMetadata }
    | { readonly kind: 'common'; readonly common: ResolvedCommonTable }
    | { readonly kind: 'derived'; readonly query: ResolvedQueryExpression }
  /** The alias that the user gave; always there for a derived table. */
  readonly alias: Name | undefined
  readonly columns: ColumnList
}

export type ResolvedTableReference = ResolvedSource | ResolvedJoin

export interface ResolvedSource extends Node {
  readonly kind: 'source'
  readonly source: Source
}

/**
 * A join. `on` and `pairs` are never both there. `pairs` are the columns of NATURAL and USING, to be compared for
 * equality; neither: every row with every row. (NATURAL without a common column has no pairs.)
 */
export interface ResolvedJoin extends Node {
  readonly kind: 'join'
  readonly type: 'inner' | 'left' | 'right' | 'full'
  readonly left: ResolvedTableReference
  readonly right: ResolvedTableReference
  readonly on: ResolvedCondition | undefined
  readonly pairs: readonly JoinPair[]
}

export interface JoinPair {
  readonly left: ResolvedExpression
  readonly right: ResolvedExpression
}

interface Value extends Node {
  readonly type: ValueType
  /** VOUnits text; undefined: none, or not known. */
  readonly unit: string | undefined
}

export type ResolvedExpression =
  | ResolvedNumber
  | ResolvedString
  | ResolvedNull
  | ResolvedColumn
  | ResolvedMergedColumn
  | ResolvedCall
  | ResolvedChoice
  | ResolvedCast
  | ResolvedSigned
  | ResolvedBinary
  | ResolvedConversion
  | ResolvedShape

/** An unsigned literal, as written. Its type is int or long by its size, double with a point, exponent or 20 digits. */
export interface ResolvedNumber extends Value {
  readonly kind: 'number'
  readonly text: string
}

/**
 * A text literal; or, where it stands beside a timestamp or a boolean, the literal read as that: `type` is TIMESTAMP and
 * `value` in DALI's form without a zone (`2021-01-14`, `2021-01-14T11:25:00.5`), or BOOLEAN and `true` or `false`.
 */
export interface ResolvedString extends Value {
  readonly kind: 'string'
  readonly value: string
}

export interface ResolvedNull extends Value {
  readonly kind: 'null'
}

export interface ResolvedColumn extends Value {
  readonly kind: 'column'
  readonly source: Source
  /** A `ColumnMetadata` where `source` is a table. */
  readonly column: ColumnMetadata | SourceColumn
  /** The user wrote a table's name or alias in front. */
  readonly qualified: boolean
  /** 0: of a source of this select; 1: of the select around it; and so on. Above 0 the subquery is correlated. */
  readonly depth: number
}

/** The common column of NATURAL or USING: the left one, the right one after RIGHT, the first that is not NULL after FULL. */
export interface ResolvedMergedColumn extends Value {
  readonly kind: 'merged-column'
  readonly join: 'inner' | 'left' | 'right' | 'full'
  /** Columns, or merged columns of the joins inside. */
  readonly left: ResolvedColumn | ResolvedMergedColumn
  readonly right: ResolvedColumn | ResolvedMergedColumn
  readonly depth: number
}

export interface ResolvedCall extends Value {
  readonly kind: 'call'
  readonly function: FunctionRow
  /** The one of the function's signatures that fits the arguments. */
  readonly signature: Signature
  readonly arguments: readonly ResolvedExpression[]
  /** The text in `POINT('ICRS', …)`. */
  readonly coordinateSystem: string | undefined
  readonly distinct: boolean
  readonly star: boolean
}

/** The value of the first branch whose condition is true, else `otherwise`; all are taken as values of `type`. */
export interface ResolvedChoice extends Value {
  readonly kind: 'choice'
  readonly function: FunctionRow
  readonly branches: readonly { readonly condition: ResolvedCondition; readonly value: ResolvedExpression }[]
  readonly otherwise: ResolvedExpression
}

export interface ResolvedCast extends Value {
  readonly kind: 'cast'
  readonly operand: ResolvedExpression
  readonly target: CastTarget
  readonly length: bigint | undefined
}

export interface ResolvedSigned extends Value {
  readonly kind: 'signed'
  readonly sign: '+' | '-'
  readonly operand: ResolvedExpression
}

/** `type` is that of the result: an integer only if both operands are. */
export interface ResolvedBinary extends Value {
  readonly kind: 'binary'
  readonly operator: '+' | '-' | '*' | '/' | '||'
  readonly left: ResolvedExpression
  readonly right: ResolvedExpression
}

/** IN_UNIT: `operand * factor`, a double. */
export interface ResolvedConversion extends Value {
  readonly kind: 'conversion'
  readonly operand: ResolvedExpression
  readonly factor: number
}

/** REGION('…') and CAST of a text literal to a geometry, read and checked. */
export interface ResolvedShape extends Value {
  readonly kind: 'shape'
  readonly shape: Shape
}

/** A constant shape, in degrees, longitudes within [0, 360], latitudes within [-90, 90]. */
export type Shape =
  | { readonly kind: 'point'; readonly longitude: number; readonly latitude: number }
  | { readonly kind: 'circle'; readonly longitude: number; readonly latitude: number; readonly radius: number }
  | { readonly kind: 'polygon'; readonly vertices: readonly (readonly [longitude: number, latitude: number])[] }

export type ResolvedCondition =
  | ResolvedComparison
  | ResolvedBetween
  | ResolvedInList
  | ResolvedInQuery
  | ResolvedLike
  | ResolvedIsNull
  | ResolvedExists
  | ResolvedLogical
  | ResolvedNot

export interface ResolvedComparison extends Node {
  readonly kind: 'comparison'
  readonly operator: ComparisonOperator
  readonly left: ResolvedExpression
  readonly right: ResolvedExpression
}

export interface ResolvedBetween extends Node {
  readonly kind: 'between'
  readonly negated: boolean
  readonly operand: ResolvedExpression
  readonly low: ResolvedExpression
  readonly high: ResolvedExpression
}

export interface ResolvedInList extends Node {
  readonly kind: 'in-list'
  readonly negated: boolean
  readonly operand: ResolvedExpression
  readonly values: readonly ResolvedExpression[]
}

/** The subquery has one column. */
export interface ResolvedInQuery extends Node {
  readonly kind: 'in-query'
  readonly negated: boolean
  readonly operand: ResolvedExpression
  readonly query: ResolvedQueryExpression
}

export interface ResolvedLike extends Node {
  readonly kind: 'like'
  readonly negated: boolean
  readonly caseless: boolean
  readonly operand: ResolvedExpression
  readonly pattern: ResolvedExpression
}

export interface ResolvedIsNull extends Node {
  readonly kind: 'is-null'
  readonly negated: boolean
  readonly operand: ResolvedExpression
}

export interface ResolvedExists extends Node {
  readonly kind: 'exists'
  readonly query: ResolvedQueryExpression
}

export interface ResolvedLogical extends Node {
  readonly kind: 'and' | 'or'
  readonly operands: readonly ResolvedCondition[]
}

export interface ResolvedNot extends Node {
  readonly kind: 'not'
  readonly operand: ResolvedCondition
}
