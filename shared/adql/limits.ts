/** How long, deep and wide a query may be. What is beyond is refused with an error of kind `limit`. */
export interface Limits {
  /** Characters (UTF-16 units) of the whole text. */
  readonly length: number
  /** Parentheses, function calls and subqueries inside each other. */
  readonly nesting: number
  /** SELECTs in the whole query. */
  readonly selects: number
  /** Tables in the whole query: what FROM and JOIN name, subqueries included. */
  readonly tables: number
  /** Values in one IN list. */
  readonly inValues: number
  /** Arithmetic operators, signs and `||` in the whole query. */
  readonly operators: number
}

export const DEFAULT_LIMITS: Limits = {
  length: 1_000_000,
  nesting: 200,
  selects: 100,
  tables: 100,
  inValues: 50_000,
  operators: 2_000,
}
