import { nearMisses } from '../../near-miss.ts'
import { AdqlError } from '../error.ts'
import { type ColumnFacts, ColumnList, nameMeans, type TableMetadata } from '../metadata.ts'
import { adqlName, declared, writtenName } from '../names.ts'
import type { JoinPair, ResolvedJoin, ResolvedTableReference, Source } from '../resolved.ts'
import type { DerivedTable, Join, Name, NamedTable, QualifiedName, Span, TableReference } from '../syntax.ts'
import { didYouMean } from '../table-set.ts'
import { commonType, isGeometry } from '../value-type.ts'
import { resolveCondition } from './conditions.ts'
import { type Context, factsOf, label, nameOf, referTo, Scope, type Visible, type VisibleColumn } from './scope.ts'

export interface ResolvedFrom {
  readonly references: readonly ResolvedTableReference[]
  readonly visible: Visible
}

interface Resolved {
  readonly reference: ResolvedTableReference
  readonly visible: Visible
}

/**
 * What FROM names, and what it makes visible. `outer` is the scope around the select: subqueries in FROM see it, but not
 * their neighbours.
 */
export function resolveFrom(
  references: readonly TableReference[],
  outer: Scope | undefined,
  context: Context,
): ResolvedFrom {
  const resolved = references.map((reference) => resolveReference(reference, outer, context))
  const [first, ...others] = resolved.map(({ visible }) => visible)
  if (first === undefined) throw new RangeError('FROM names a table')
  const visible = others.reduce((left, right) => product(left, right), first)
  refuseDuplicates(visible.sources)
  return { references: resolved.map(({ reference }) => reference), visible }
}

function resolveReference(reference: TableReference, outer: Scope | undefined, context: Context): Resolved {
  if (reference.kind === 'join') return resolveJoin(reference, outer, context)
  const source = reference.kind === 'table' ? namedSource(reference, context) : derivedSource(reference, outer, context)
  return { reference: { kind: 'source', source, span: reference.span }, visible: sourceVisible(source) }
}

function namedSource({ name, alias, span }: NamedTable, context: Context): Source {
  const [first, second] = name.parts
  const common =
    first === undefined || second !== undefined
      ? undefined
      : context.common.find((table) => nameMeans(first, declared(table.name)))
  const id = context.nextId()
  if (common !== undefined) {
    return { id, of: { kind: 'common', common }, alias, columns: new ColumnList(common.query.columns), span }
  }
  const table = findTable(name, context)
  return { id, of: { kind: 'table', table }, alias, columns: table.columns, span }
}

function findTable(name: QualifiedName, context: Context): TableMetadata {
  try {
    return context.tables.find(name)
  } catch (error) {
    const [first, second] = name.parts
    const isDefined = first !== undefined && context.defined.some((other) => nameMeans(first, declared(other)))
    if (second !== undefined || !isDefined) throw error
    const message = `WITH defines ${writtenName(first)} here or further on: a query in WITH can use only what stands before it.`
    throw new AdqlError('unknown-table', message, name.span)
  }
}

function derivedSource(reference: DerivedTable, outer: Scope | undefined, context: Context): Source {
  const query = context.resolveSubquery(reference.query, outer, context)
  const { alias, span } = reference
  return { id: context.nextId(), of: { kind: 'derived', query }, alias, columns: new ColumnList(query.columns), span }
}

function sourceVisible(source: Source): Visible {
  const see = (column: (typeof source.columns.all)[number]): VisibleColumn => ({ kind: 'column', source, column })
  return {
    sources: [source],
    find: (name) => source.columns.find(name).map(see),
    all: () => source.columns.all.map(see),
  }
}

function product(left: Visible, right: Visible): Visible {
  return {
    sources: [...left.sources, ...right.sources],
    find: (name) => [...left.find(name), ...right.find(name)],
    all: () => [...left.all(), ...right.all()],
  }
}

function resolveJoin(join: Join, outer: Scope | undefined, context: Context): Resolved {
  const left = resolveReference(join.left, outer, context)
  const right = resolveReference(join.right, outer, context)
  const both = product(left.visible, right.visible)
  refuseDuplicates(both.sources)
  const merged = join.natural
    ? commonColumns(join, left.visible, right.visible)
    : usedColumns(join, left.visible, right.visible)
  const on = join.on && resolveCondition(join.on, new Scope(context, both, outer))
  const reference: ResolvedJoin = {
    kind: 'join',
    type: join.type,
    left: left.reference,
    right: right.reference,
    on,
    pairs: merged.map(pairOf(join.span)),
    span: join.span,
  }
  return { reference, visible: merged.length === 0 ? both : mergedVisible(merged, left.visible, right.visible) }
}

type Merged = Extract<VisibleColumn, { kind: 'merged' }>

function pairOf(span: Span): (merged: Merged) => JoinPair {
  return ({ left, right }) => ({ left: referTo(left, span, 0), right: referTo(right, span, 0) })
}

/** The common columns stand first and once; the rest of the left and of the right follows (SQL-92 §7.5). */
function mergedVisible(merged: readonly Merged[], left: Visible, right: Visible): Visible {
  const hidden = new Set(merged.flatMap((column) => [column.left, column.right]).map(identity))
  const rest = (side: Visible) => side.all().filter((column) => !hidden.has(identity(column)))
  return {
    sources: [...left.sources, ...right.sources],
    find: (name) => {
      const found = merged.filter((column) => nameMeans(name, column.name))
      return found.length > 0 ? found : [...left.find(name), ...right.find(name)]
    },
    all: () => [...merged, ...rest(left), ...rest(right)],
  }
}

function identity(column: VisibleColumn): unknown {
  return column.kind === 'column' ? column.column : column
}

function commonColumns({ type, span }: Join, left: Visible, right: Visible): Merged[] {
  return left.all().flatMap((column) => {
    const { text, delimited } = nameOf(column)
    const name: Name = { text, quoted: delimited, span }
    const found = right.find(name)
    if (found.length === 0) return []
    return [merge(type, requireOne(name, left.find(name), left), requireOne(name, found, right), name)]
  })
}

function usedColumns({ type, using }: Join, left: Visible, right: Visible): Merged[] {
  return using.map((name) =>
    merge(type, requireOne(name, left.find(name), left), requireOne(name, right.find(name), right), name),
  )
}

function requireOne(name: Name, found: readonly VisibleColumn[], side: Visible): VisibleColumn {
  const [first, second] = found
  if (first !== undefined && second === undefined) return first
  const where = side.sources.map(label).join(', ')
  if (first !== undefined) {
    const message = `${writtenName(name)} may be one of ${found.length} columns on one side of the join: ${where}.`
    throw new AdqlError('ambiguous-column', message, name.span)
  }
  const names = new Map(side.all().map((column) => [nameOf(column).text, adqlName(nameOf(column))]))
  const suggestions = nearMisses(name.text, names.keys()).map((text) => names.get(text) ?? text)
  const message = `${writtenName(name)} must be a column on both sides of the join; there is none in ${where}.${didYouMean(suggestions)}`
  throw new AdqlError('unknown-column', message, name.span, { suggestions })
}

function merge(join: Join['type'], left: VisibleColumn, right: VisibleColumn, name: Name): Merged {
  const [a, b] = [factsOf(left), factsOf(right)]
  const type = commonType([a.type, b.type])
  if (type === undefined || isGeometry(type) || type.kind === 'array' || type.kind === 'other') {
    const message = `The columns ${writtenName(name)} on both sides of the join cannot be compared: ${a.type.datatype} and ${b.type.datatype}.`
    throw new AdqlError('type', message, name.span)
  }
  const chosen = join === 'right' ? b : a
  const facts: ColumnFacts = join === 'full' ? { ...chosen, type } : chosen
  return { kind: 'merged', name: nameOf(join === 'right' ? right : left), facts, join, left, right }
}

/** Two sources that nothing can tell apart. */
function refuseDuplicates(sources: readonly Source[]): void {
  const seen = new Map<string, Source>()
  for (const source of sources) {
    const key = exposedName(source)
    if (seen.has(key)) {
      const name = label(source)
      const [advice, suggestion] =
        source.alias === undefined
          ? ['give each an alias, as in', `${name} AS a`]
          : ['give one of them another alias, as in', `AS ${source.alias.text}2`]
      const message = `FROM names ${name} twice: ${advice} ${suggestion}.`
      throw new AdqlError('duplicate-table', message, source.alias?.span ?? source.span, { suggestions: [suggestion] })
    }
    seen.set(key, source)
  }
}

function exposedName({ alias, of }: Source): string {
  if (alias !== undefined) return `alias ${alias.quoted ? alias.text : alias.text.toLowerCase()}`
  if (of.kind === 'table') return `table ${of.table.tapName}`
  return of.kind === 'common' ? `common ${of.common.id}` : 'derived'
}
