import { Failure } from '../failure.ts'
import type { Span } from './syntax.ts'

/**
 * What is wrong with a query.
 *
 * `syntax`: no reading of the grammar · `limit`: longer, deeper or wider than the service takes · `arguments`: wrong
 * number of arguments · `type`: text where a number belongs, and the like · `aggregate`: an aggregate function where
 * none may stand · `grouping`: a column that is neither grouped nor aggregated · `set-operands`: operands of UNION,
 * EXCEPT, INTERSECT that do not fit each other · `subquery-columns`: IN with a subquery of several columns · `region`:
 * a text of REGION or CAST that describes no shape · `unsupported`: right ADQL, which the query service cannot answer
 */
export type AdqlErrorKind =
  | 'syntax'
  | 'limit'
  | 'unknown-table'
  | 'unknown-column'
  | 'ambiguous-column'
  | 'ambiguous-table'
  | 'duplicate-table'
  | 'unknown-function'
  | 'arguments'
  | 'type'
  | 'aggregate'
  | 'grouping'
  | 'order-by'
  | 'set-operands'
  | 'subquery-columns'
  | 'unit'
  | 'coordinate-range'
  | 'region'
  | 'unsupported'

export interface AdqlErrorDetails {
  /** What to write instead, best first: names or pieces of ADQL, ready to be pasted. */
  readonly suggestions?: readonly string[]
  /** Of a syntax error: what could stand there, in the words of the message. */
  readonly expected?: readonly string[]
  /** Of `unsupported`: the stable name of the construct (`subquery`, `outer-join` …). */
  readonly reason?: string
}

/**
 * The first thing that is wrong with a query. The message is a whole sentence without the position, which
 * `describeError` adds; `span` is the piece of the query's text that it is about (empty at the end of the text).
 */
export class AdqlError extends Failure {
  readonly fault: AdqlErrorKind
  readonly span: Span
  readonly suggestions: readonly string[]
  readonly expected: readonly string[]
  readonly reason: string | undefined

  constructor(fault: AdqlErrorKind, message: string, span: Span, details: AdqlErrorDetails = {}) {
    super('malformed', `adql_${fault.replaceAll('-', '_')}`, message)
    this.fault = fault
    this.span = span
    this.suggestions = details.suggestions ?? []
    this.expected = details.expected ?? []
    this.reason = details.reason
  }
}
