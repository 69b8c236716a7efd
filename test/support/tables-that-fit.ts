import { AdqlError } from '../../shared/adql/error.ts'
import type { FunctionSet } from '../../shared/adql/functions/function-set.ts'
import type { FunctionRow } from '../../shared/adql/functions/row.ts'
import { STANDARD_FUNCTIONS } from '../../shared/adql/functions/table.ts'
import { ColumnList, type ColumnMetadata, type TableMetadata } from '../../shared/adql/metadata.ts'
import { parseQuery } from '../../shared/adql/parse.ts'
import { resolveQuery } from '../../shared/adql/resolve.ts'
import type { ResolvedQuery } from '../../shared/adql/resolved.ts'
import type {
  ColumnReference,
  NamedTable,
  Query,
  QueryExpression,
  Span,
  WholeNumber,
} from '../../shared/adql/syntax.ts'
import { TableSet } from '../../shared/adql/table-set.ts'
import { DOUBLE, INTEGER, POINT, POLYGON, TEXT, TIMESTAMP, type ValueType } from '../../shared/adql/value-type.ts'
import type { CorpusEntry } from './adql-corpus.ts'

const TYPES: readonly ValueType[] = [DOUBLE, TEXT, INTEGER, TIMESTAMP, POINT, POLYGON]

/**
 * Resolves a query of the corpus, which comes without its tables: against tables made of the names in it. Every table has
 * every column, but for those that would be ambiguous. A column is a double until the query refuses that, then one type
 * after the other; so are the results of the functions that are declared for it.
 *
 * @throws AdqlError where no type will do
 */
export function tablesThatFit({ adql, udfs = [] }: Pick<CorpusEntry, 'adql' | 'udfs'>): ResolvedQuery {
  const query = parseQuery(adql)
  let first: unknown
  for (const result of udfs.length === 0 ? [DOUBLE] : TYPES) {
    const functions = STANDARD_FUNCTIONS.with(udfs.map((name) => declaredFunction(name, result)))
    try {
      return resolveWithColumns(query, functions)
    } catch (error) {
      first ??= error
    }
  }
  throw first
}

/** A user defined function that takes anything. */
function declaredFunction(name: string, result: ValueType): FunctionRow {
  return {
    name,
    group: 'udf',
    signatures: [{ parameters: [{ name: 'x', type: 'ANY' }], optional: 1, repeats: 1, returns: 'ANY', result }],
    meaning: 'Declared for a query of the corpus.',
    sql: { postgresql: (...values) => `${name}(${values.join(', ')})`, qserv: 'own' },
  }
}

/** Columns that a table has not, as `table column` in lower case. */
type Without = Set<string>

function resolveWithColumns(query: Query, functions: FunctionSet): ResolvedQuery {
  const types = new Map<string, number>()
  const without: Without = new Set()
  for (;;) {
    try {
      return resolveQuery(query, tablesOf(query, types, without), { functions })
    } catch (error) {
      if (error instanceof AdqlError && error.fault === 'ambiguous-column') {
        const lost = ambiguousAt(query, error)
        if (lost === undefined || without.has(lost)) throw error
        without.add(lost)
        continue
      }
      const columns = error instanceof AdqlError && error.fault === 'type' ? columnsAt(query, error) : []
      // The one that has been changed least: of two that are compared, one may be right already.
      const [column] = columns
        .filter((name) => (types.get(name) ?? 0) < TYPES.length - 1)
        .sort((a, b) => (types.get(a) ?? 0) - (types.get(b) ?? 0))
      if (column === undefined) throw error
      types.set(column, (types.get(column) ?? 0) + 1)
    }
  }
}

/** The column in the last of the tables of which an error says that it may be theirs. */
function ambiguousAt(query: Query, { message, span }: AdqlError): string | undefined {
  const nodes = nodesOf(query)
  const column = (nodes as unknown as ColumnReference[]).find(
    ({ kind, span: own }) => kind === 'column' && own.start <= span.start && own.end >= span.end,
  )
  const sources = [...message.matchAll(/(\w+)\.["\w]/g)].map(([, source]) => source?.toLowerCase())
  const tables = nodes.filter(({ kind }) => kind === 'table') as unknown as NamedTable[]
  const [table] = sources.toReversed().flatMap((source) => {
    return tables.find(({ name, alias }) => (alias ?? name.parts.at(-1))?.text.toLowerCase() === source) ?? []
  })
  if (column === undefined || table === undefined) return undefined
  return `${pathOf(table)} ${column.name.parts.at(-1)?.text.toLowerCase()}`
}

function pathOf({ name }: NamedTable): string {
  return name.parts.map(({ text }) => text.toLowerCase()).join('.')
}

function nodesOf(value: unknown): { kind?: string }[] {
  if (typeof value !== 'object' || value === null) return []
  return [value, ...Object.values(value).flatMap(nodesOf)]
}

/** The columns that an error is about, or else those of the smallest condition around it. */
function columnsAt(query: Query, { message, span }: AdqlError): string[] {
  const nodes = nodesOf(query) as { kind?: string; span?: Span }[]
  const around = nodes
    .filter(
      ({ kind, span: own }) => own && CONDITIONS.has(kind ?? '') && own.start <= span.start && own.end >= span.end,
    )
    .map(({ span: own }) => own as Span)
    .sort((first, second) => first.end - first.start - (second.end - second.start))
  const columns = nodes.filter(({ kind }) => kind === 'column') as unknown as ColumnReference[]
  const within = ({ start, end }: Span) =>
    columns.filter(({ span: own }) => own.start <= end && own.end >= start).map(({ name }) => name.parts.at(-1)!.text)
  const own = within(span)
  const isAboutTwo = own.length === 0 || message.includes('cannot be compared')
  const found = [...own, ...(isAboutTwo && around[0] ? within(around[0]) : [])]
  return [...new Set(found.map((name) => name.toLowerCase()))]
}

/** What GROUP BY and ORDER BY name by the alias of the select list. */
function aliasesOfKeys(nodes: readonly unknown[]): ReadonlySet<unknown> {
  const expressions = nodes as QueryExpression[]
  const keys = expressions.flatMap(({ body, orderBy }) => {
    if (body?.kind !== 'select') return []
    const named = body.items.flatMap((item) => ('alias' in item && item.alias ? [item.alias.text.toLowerCase()] : []))
    const all = [...body.groupBy, ...orderBy.flatMap(({ by }) => (by.kind === 'expression' ? [by.expression] : []))]
    return all.filter(
      (key) =>
        key.kind === 'column' && key.name.parts.length === 1 && named.includes(key.name.parts[0]!.text.toLowerCase()),
    )
  })
  return new Set(keys)
}

const CONDITIONS = new Set(['call', 'comparison', 'between', 'in-list', 'in-query', 'like'])

function tablesOf(query: Query, types: ReadonlyMap<string, number>, without: Without): TableSet {
  const nodes = nodesOf(query)
  const aliases = aliasesOfKeys(nodes)
  const names = (nodes.filter(({ kind }) => kind === 'column') as unknown as ColumnReference[])
    .filter((column) => !aliases.has(column))
    .map(({ name }) => name.parts.at(-1)!)
  const using = (nodes as { using?: { text: string; quoted: boolean }[] }[]).flatMap(({ using: own }) => own ?? [])
  const byName = Map.groupBy([...names, ...using], ({ text }) => text.toLowerCase())
  // `SELECT * … ORDER BY 22` names none of them.
  const places = (nodes as { position?: WholeNumber }[]).map(({ position }) => Number(position?.value ?? 0))
  for (let place = byName.size; place < Math.max(...places); place += 1) {
    byName.set(`filler${place}`, [{ text: `filler${place}`, quoted: false } as (typeof names)[number]])
  }
  const columns = [...byName].map(([lower, [first]]): ColumnMetadata => {
    return { name: { text: first!.text, delimited: false }, type: TYPES[types.get(lower) ?? 0]! }
  })
  const common = new Set(query.with.map(({ name }) => name.text.toLowerCase()))
  const byPath = Map.groupBy(nodes.filter(({ kind }) => kind === 'table') as unknown as NamedTable[], pathOf)
  const tables = [...byPath].map(([path, [first]]): TableMetadata => {
    const { parts } = first!.name
    const own = columns.filter(({ name: { text } }) => !without.has(`${path} ${text.toLowerCase()}`))
    const [name, schema, catalog] = parts.toReversed().map(({ text, quoted }) => ({ text, delimited: quoted }))
    return {
      ...(catalog === undefined ? {} : { catalog }),
      schema: schema ?? { text: 'public', delimited: false },
      name: name!,
      tapName: parts.map(({ text }) => text).join('.'),
      columns: new ColumnList(own),
      positions: [],
    }
  })
  return new TableSet(
    tables.filter(({ schema, name }) => schema.text !== 'public' || !common.has(name.text.toLowerCase())),
  )
}
