import { checkStructure } from '../../../shared/adql/check-structure.ts'
import { placeOf, suggestionsFrom } from '../../../shared/adql/describe-error.ts'
import { AdqlError, type AdqlErrorKind } from '../../../shared/adql/error.ts'
import { STANDARD_FUNCTIONS } from '../../../shared/adql/functions/table.ts'
import type { Origin } from '../../../shared/adql/metadata.ts'
import { parseQuery } from '../../../shared/adql/parse.ts'
import { resolveQuery } from '../../../shared/adql/resolve.ts'
import type { ResultColumn } from '../../../shared/adql/resolved.ts'
import type { Query } from '../../../shared/adql/syntax.ts'
import type { TableSet } from '../../../shared/adql/table-set.ts'
import type { Translate } from './dialects.ts'

/** What is printed about one query; the JSON of `almagest adql`. */
export interface Verdict {
  readonly valid: boolean
  readonly error?: QueryError
  /** With metadata only. */
  readonly columns?: readonly VerdictColumn[]
  /** With a dialect only. */
  readonly sql?: string
  /** Of the dialect: right, but slow. */
  readonly warning?: string
  /** What the query uses beyond ADQL 2.1; other services may refuse it. */
  readonly extensions?: readonly string[]
}

export interface QueryError {
  readonly kind: AdqlErrorKind
  readonly message: string
  /** From 1. */
  readonly line: number
  readonly column: number
  /** From 0; lengths and offsets count characters. */
  readonly offset: number
  readonly length: number
  /** What to write instead: the first of `suggestions`. */
  readonly suggestion?: string
  readonly suggestions?: readonly string[]
}

export interface VerdictColumn {
  readonly name: string
  readonly datatype: string
  readonly arraysize?: string
  readonly xtype?: string
  readonly unit?: string
  readonly ucd?: string
  readonly utype?: string
  readonly description?: string
  /** The row of TAP_SCHEMA.columns that the values come from unchanged. */
  readonly origin?: Origin
}

/** What queries are judged by. */
export interface Judging {
  /** Without tables, only what needs no metadata is judged: syntax, functions, aggregates. */
  readonly tables: TableSet | undefined
  readonly translate: Translate | undefined
}

/** The verdict on a text; what its dialect cannot say is not valid there. */
export function judge(text: string, by: Judging): Verdict {
  try {
    const query = parseQuery(text)
    const extensions = [...new Set(query.extensions.map(({ name }) => name))]
    return { valid: true, ...describeResult(query, by), ...(extensions.length === 0 ? {} : { extensions }) }
  } catch (error) {
    if (error instanceof AdqlError) return { valid: false, error: explain(text, error, by.tables) }
    throw error
  }
}

function describeResult(query: Query, { tables, translate }: Judging): Pick<Verdict, 'columns' | 'sql' | 'warning'> {
  if (tables === undefined) {
    checkStructure(query, STANDARD_FUNCTIONS)
    return {}
  }
  const resolved = resolveQuery(query, tables)
  return { columns: resolved.columns.map(describe), ...translate?.(resolved) }
}

function explain(text: string, error: AdqlError, tables: TableSet | undefined): QueryError {
  const { line, column, offset } = placeOf(text, error.span.start)
  const length = placeOf(text, error.span.end).offset - offset
  const suggestions = suggestionsFrom(error, tables)
  const [suggestion] = suggestions
  const offered = suggestion === undefined ? {} : { suggestion, suggestions }
  return { kind: error.fault, message: error.message, line, column, offset, length, ...offered }
}

function describe({ name, type, ...facts }: ResultColumn): VerdictColumn {
  const { datatype, arraysize, xtype } = type
  return {
    name,
    datatype,
    ...(arraysize === undefined ? {} : { arraysize }),
    ...(xtype === undefined ? {} : { xtype }),
    ...facts,
  }
}
