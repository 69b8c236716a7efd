/**
 * The syntax tree of an ADQL 2.1 query: what `parseQuery` makes of a text, before any name is looked up.
 *
 * Every node has the span of its text. Parentheses leave no node (the shape of the tree says what they said; `write.ts`
 * puts them back where they are needed), with one exception: `NestedQuery`, because a query in parentheses may have its
 * own ORDER BY and OFFSET. `!=` is kept as `<>`, `CROSS JOIN` as a join without a condition, keywords and functions in
 * any case as one case.
 */

/** A piece of the query's text, in UTF-16 units as JavaScript counts them: `text.slice(start, end)`. */
export interface Span {
  readonly start: number
  readonly end: number
}

interface Node {
  readonly span: Span
}

/** One identifier. `text` is what it means: without its quotes, doubled quotes resolved, the case as written. */
export interface Name extends Node {
  readonly text: string
  /** Written in double quotes: compared exactly. Otherwise compared without case. */
  readonly quoted: boolean
}

/** `catalog.schema.table`, `schema.table`, `table`, and the same with a column behind; parts in that order. */
export interface QualifiedName extends Node {
  readonly parts: readonly Name[]
}

/** The whole query. WITH stands here and nowhere else (ADQL 2.1 §4.6.5). */
export interface Query extends Node {
  readonly kind: 'query'
  readonly with: readonly CommonTable[]
  readonly body: QueryExpression
  /** Where the text uses what we take beyond ADQL 2.1, in the order of the text: see `extensions.ts`. */
  readonly extensions: readonly ExtensionUse[]
}

export interface ExtensionUse extends Node {
  readonly name: string
}

export interface CommonTable extends Node {
  readonly name: Name
  readonly query: QueryExpression
}

/** What may stand in parentheses: a select or a set operation, with ORDER BY and OFFSET that apply to the whole of it. */
export interface QueryExpression extends Node {
  readonly body: QueryBody
  readonly orderBy: readonly SortKey[]
  readonly offset: WholeNumber | undefined
}

export type QueryBody = Select | SetOperation | NestedQuery

/** A query in parentheses as an operand of a set operation, or as the whole. */
export interface NestedQuery extends Node {
  readonly kind: 'nested'
  readonly query: QueryExpression
}

/** INTERSECT binds more tightly; UNION and EXCEPT are read from the left. */
export interface SetOperation extends Node {
  readonly kind: 'set-operation'
  readonly operator: 'UNION' | 'EXCEPT' | 'INTERSECT'
  /** ALL: duplicates are kept. */
  readonly all: boolean
  readonly left: QueryBody
  readonly right: QueryBody
}

export interface Select extends Node {
  readonly kind: 'select'
  readonly distinct: boolean
  readonly top: WholeNumber | undefined
  /** At least one. */
  readonly items: readonly SelectItem[]
  /** At least one; several are a product. */
  readonly from: readonly TableReference[]
  readonly where: Condition | undefined
  readonly groupBy: readonly Expression[]
  readonly having: Condition | undefined
}

/** An unsigned integer of TOP, OFFSET, ORDER BY or a length; it fits a 64 bit integer. */
export interface WholeNumber extends Node {
  readonly value: bigint
}

export type SelectItem = AllColumns | AllColumnsOf | SelectedExpression

/** `*` */
export interface AllColumns extends Node {
  readonly kind: 'all'
}

/** `t.*` */
export interface AllColumnsOf extends Node {
  readonly kind: 'all-of'
  readonly table: QualifiedName
}

export interface SelectedExpression extends Node {
  readonly kind: 'expression'
  readonly expression: Expression
  readonly alias: Name | undefined
}

/** `expression` is a number by itself only in the form of `position`: `ORDER BY 2`. */
export interface SortKey extends Node {
  readonly by: { readonly kind: 'position'; readonly position: WholeNumber } | SortExpression
  readonly descending: boolean
}

export interface SortExpression {
  readonly kind: 'expression'
  readonly expression: Expression
}

export type TableReference = NamedTable | DerivedTable | Join

export interface NamedTable extends Node {
  readonly kind: 'table'
  readonly name: QualifiedName
  readonly alias: Name | undefined
}

export interface DerivedTable extends Node {
  readonly kind: 'derived'
  readonly query: QueryExpression
  readonly alias: Name
}

/** Neither `on` nor `using` nor `natural`: every row with every row (the grammar has such joins). */
export interface Join extends Node {
  readonly kind: 'join'
  readonly type: 'inner' | 'left' | 'right' | 'full'
  readonly natural: boolean
  readonly left: TableReference
  readonly right: TableReference
  readonly on: Condition | undefined
  readonly using: readonly Name[]
}

export type Expression =
  | NumberLiteral
  | StringLiteral
  | NullLiteral
  | ColumnReference
  | Call
  | Choice
  | Cast
  | Signed
  | BinaryOperation

export interface NumberLiteral extends Node {
  readonly kind: 'number'
  /** As written: `12`, `.5`, `1.`, `1e-3`. Never signed. */
  readonly text: string
  /** Digits only. */
  readonly integer: boolean
}

export interface StringLiteral extends Node {
  readonly kind: 'string'
  /** What it means: without its quotes, doubled quotes resolved. */
  readonly value: string
}

/** NULL as an argument of COALESCE, CAST or a user defined function, and in a select list. */
export interface NullLiteral extends Node {
  readonly kind: 'null'
}

export interface ColumnReference extends Node {
  readonly kind: 'column'
  readonly name: QualifiedName
}

/** A call of any function of the table of functions, aggregates and geometry included. */
export interface Call extends Node {
  readonly kind: 'call'
  readonly name: Name
  /** `'ICRS'` in `POINT('ICRS', ra, dec)`; not among `arguments`. */
  readonly coordinateSystem: StringLiteral | undefined
  readonly arguments: readonly Expression[]
  /** `COUNT(DISTINCT a)`; ALL is the default and leaves no trace. */
  readonly distinct: boolean
  /** `COUNT(*)`, without arguments. */
  readonly star: boolean
}

/** IF_THEN_ELSE and CASE_CONDITION, whose arguments are conditions too. */
export interface Choice extends Node {
  readonly kind: 'choice'
  readonly name: Name
  /** In the order in which they are tried. At least one. */
  readonly branches: readonly Branch[]
  readonly otherwise: Expression
}

export interface Branch {
  readonly condition: Condition
  readonly value: Expression
}

export type CastTarget =
  | 'SMALLINT'
  | 'INTEGER'
  | 'BIGINT'
  | 'REAL'
  | 'DOUBLE PRECISION'
  | 'CHAR'
  | 'VARCHAR'
  | 'TIMESTAMP'
  | 'POINT'
  | 'CIRCLE'
  | 'POLYGON'

export interface Cast extends Node {
  readonly kind: 'cast'
  readonly operand: Expression
  readonly target: CastTarget
  /** Of CHAR and VARCHAR only. */
  readonly length: WholeNumber | undefined
}

export interface Signed extends Node {
  readonly kind: 'signed'
  readonly sign: '+' | '-'
  readonly operand: Expression
}

export interface BinaryOperation extends Node {
  readonly kind: 'binary'
  readonly operator: '+' | '-' | '*' | '/' | '||'
  readonly operatorSpan: Span
  readonly left: Expression
  readonly right: Expression
}

export type Condition = Comparison | Between | InList | InQuery | Like | IsNull | Exists | Logical | Not

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>='

export interface Comparison extends Node {
  readonly kind: 'comparison'
  readonly operator: ComparisonOperator
  readonly left: Expression
  readonly right: Expression
}

export interface Between extends Node {
  readonly kind: 'between'
  readonly negated: boolean
  readonly operand: Expression
  readonly low: Expression
  readonly high: Expression
}

export interface InList extends Node {
  readonly kind: 'in-list'
  readonly negated: boolean
  readonly operand: Expression
  readonly values: readonly Expression[]
}

export interface InQuery extends Node {
  readonly kind: 'in-query'
  readonly negated: boolean
  readonly operand: Expression
  readonly query: QueryExpression
}

export interface Like extends Node {
  readonly kind: 'like'
  readonly negated: boolean
  /** ILIKE. */
  readonly caseless: boolean
  readonly operand: Expression
  readonly pattern: Expression
}

export interface IsNull extends Node {
  readonly kind: 'is-null'
  readonly negated: boolean
  readonly operand: Expression
}

export interface Exists extends Node {
  readonly kind: 'exists'
  readonly query: QueryExpression
}

/** A chain of one operator, flat: two operands or more, none of them a chain of the same operator. */
export interface Logical extends Node {
  readonly kind: 'and' | 'or'
  readonly operands: readonly Condition[]
}

export interface Not extends Node {
  readonly kind: 'not'
  readonly operand: Condition
}
