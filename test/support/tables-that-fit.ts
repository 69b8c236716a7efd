import { AdqlError } from '../../shared/adql/error.ts'
import { ColumnList, type ColumnMetadata, type TableMetadata } from '../../shared/adql/metadata.ts'
import { parseQuery } from '../../shared/adql/parse.ts'
import { resolveQuery } from '../../shared/adql/resolve.ts'
import type { ResolvedQuery } from '../../shared/adql/resolved.ts'
import type { ColumnReference, NamedTable, Query, Span } from '../../shared/adql/syntax.ts'
import { TableSet } from '../../shared/adql/table-set.ts'
import { DOUBLE, INTEGER, POINT, POLYGON, TEXT, TIMESTAMP, type ValueType } from '../../shared/adql/value-type.ts'

const TYPES: readonly ValueType[] = [DOUBLE, TEXT, INTEGER, TIMESTAMP, POINT, POLYGON]

/**
 * Resolves a query of the corpus, which comes without its tables: against tables made of the names in it. A column is a
 * double until the query refuses that, then one type after the other.
 *
 * @throws AdqlError where no type will do
 */
export function tablesThatFit(adql: string): ResolvedQuery {
  const query = parseQuery(adql)
  const types = new Map<string, number>()
  for (;;) {
    try {
      return resolveQuery(query, tablesOf(query, types))
    } catch (error) {
      const columns = error instanceof AdqlError && error.fault === 'type' ? columnsAt(query, error) : []
      const column = columns.find((name) => (types.get(name) ?? 0) < TYPES.length - 1)
      if (column === undefined) throw error
      types.set(column, (types.get(column) ?? 0) + 1)
    }
  }
}

function nodesOf(value: unknown): { kind?: string }[] {
  if (typeof value !== 'object' || value === null) return []
  return [value, ...Object.values(value).flatMap(nodesOf)]
}

/** The columns that an error is about, or else those of the smallest condition around it. */
function columnsAt(query: Query, { span }: AdqlError): string[] {
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
  const found = within(span)
  return (found.length > 0 ? found : around[0] ? within(around[0]) : []).map((name) => name.toLowerCase())
}

const CONDITIONS = new Set(['comparison', 'between', 'in-list', 'in-query', 'like'])

function tablesOf(query: Query, types: ReadonlyMap<string, number>): TableSet {
  const nodes = nodesOf(query)
  const names = (nodes.filter(({ kind }) => kind === 'column') as unknown as ColumnReference[]).map(
    ({ name }) => name.parts.at(-1)!,
  )
  const using = (nodes as { using?: { text: string; quoted: boolean }[] }[]).flatMap(({ using: own }) => own ?? [])
  const byName = Map.groupBy([...names, ...using], ({ text }) => text.toLowerCase())
  const columns = [...byName].map(([lower, [first]]): ColumnMetadata => {
    return { name: { text: first!.text, delimited: false }, type: TYPES[types.get(lower) ?? 0]! }
  })
  const common = new Set(query.with.map(({ name }) => name.text.toLowerCase()))
  const written = (nodes.filter(({ kind }) => kind === 'table') as unknown as NamedTable[]).map(
    ({ name }) => name.parts,
  )
  const byPath = Map.groupBy(written, (parts) => parts.map(({ text }) => text.toLowerCase()).join('.'))
  const tables = [...byPath.values()].map(([parts]): TableMetadata => {
    const [name, schema, catalog] = parts!.toReversed().map(({ text, quoted }) => ({ text, delimited: quoted }))
    return {
      ...(catalog === undefined ? {} : { catalog }),
      schema: schema ?? { text: 'public', delimited: false },
      name: name!,
      tapName: parts!.map(({ text }) => text).join('.'),
      columns: new ColumnList(columns),
      positions: [],
    }
  })
  return new TableSet(
    tables.filter(({ schema, name }) => schema.text !== 'public' || !common.has(name.text.toLowerCase())),
  )
}
