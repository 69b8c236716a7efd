import { nearMisses } from '../../near-miss.ts'
import { AdqlError } from '../error.ts'
import type { FunctionSet } from '../functions/function-set.ts'
import type { ColumnFacts, DeclaredName, SourceColumn } from '../metadata.ts'
import { nameMeans } from '../metadata.ts'
import { adqlName, declared, writtenName } from '../names.ts'
import type {
  ResolvedColumn,
  ResolvedCommonTable,
  ResolvedCondition,
  ResolvedMergedColumn,
  ResolvedQueryExpression,
  Source,
} from '../resolved.ts'
import type { ColumnReference, Condition, Name, QualifiedName, QueryExpression, Span } from '../syntax.ts'
import { didYouMean, listOf, type TableSet } from '../table-set.ts'

/** A column that an unqualified name can mean: of one source, or the common one of NATURAL and USING. */
export type VisibleColumn =
  | { readonly kind: 'column'; readonly source: Source; readonly column: SourceColumn }
  | {
      readonly kind: 'merged'
      readonly name: DeclaredName
      readonly facts: ColumnFacts
      readonly join: ResolvedMergedColumn['join']
      readonly left: VisibleColumn
      readonly right: VisibleColumn
    }

/** What FROM makes visible: one source, a join, or a product. Columns are found without writing all of them out. */
export interface Visible {
  readonly sources: readonly Source[]
  find(name: Name): readonly VisibleColumn[]
  /** In the order of `SELECT *`. */
  all(): readonly VisibleColumn[]
}

export function nameOf(column: VisibleColumn): DeclaredName {
  return column.kind === 'column' ? column.column.name : column.name
}

export function factsOf(column: VisibleColumn): ColumnFacts {
  return column.kind === 'column' ? column.column : column.facts
}

/** A reference to a visible column. */
export function referTo(
  column: VisibleColumn,
  span: Span,
  depth: number,
  qualified = false,
): ResolvedColumn | ResolvedMergedColumn {
  const { type, unit } = factsOf(column)
  if (column.kind === 'column') {
    return { kind: 'column', source: column.source, column: column.column, qualified, depth, type, unit, span }
  }
  const left = referTo(column.left, span, depth)
  const right = referTo(column.right, span, depth)
  return { kind: 'merged-column', join: column.join, left, right, depth, type, unit, span }
}

/** What holds for the whole of a query while it is resolved. */
export interface Context {
  readonly tables: TableSet
  readonly functions: FunctionSet
  /** What WITH defines in the whole query. */
  readonly defined: readonly Name[]
  /** Common tables that have been read so far. */
  readonly common: ResolvedCommonTable[]
  /** Numbers sources and common tables. */
  readonly nextId: () => number
  /** Given, because queries hold conditions and these hold queries. `outer` is the scope that the subquery sees. */
  readonly resolveSubquery: (
    query: QueryExpression,
    outer: Scope | undefined,
    context: Context,
  ) => ResolvedQueryExpression
  /** Given, because conditions hold values and these hold conditions. */
  readonly resolveCondition: (condition: Condition, scope: Scope) => ResolvedCondition
}

/** The names that one select can use, and those of the selects around it. */
export class Scope {
  readonly visible: Visible
  readonly outer: Scope | undefined
  readonly context: Context
  /** Those of the select list: no column is called so, but people write them like columns. */
  readonly aliases: readonly Name[]
  /** The columns that subqueries have named so far. */
  readonly correlated: (ResolvedColumn | ResolvedMergedColumn)[] = []

  constructor(context: Context, visible: Visible, outer: Scope | undefined, aliases: readonly Name[] = []) {
    this.context = context
    this.visible = visible
    this.outer = outer
    this.aliases = aliases
  }

  /**
   * @throws AdqlError of kind `unknown-column`, `ambiguous-column`, `unknown-table` (of the table in front of the
   * column) or `ambiguous-table`
   */
  resolve(reference: ColumnReference): ResolvedColumn | ResolvedMergedColumn {
    const { parts, span } = reference.name
    const column = parts.at(-1)
    if (column === undefined) throw new RangeError('a name has a part')
    const qualifier = parts.slice(0, -1)
    if (qualifier.length > 0) return this.#resolveQualified(qualifier, column, reference.name)
    for (const [depth, scope] of this.#outwards()) {
      const found = scope.visible.find(column)
      const [first, second] = found
      if (first === undefined) continue
      if (second !== undefined) throw ambiguous(column, found)
      if (depth > 0) scope.correlated.push(referTo(first, span, 0))
      return referTo(first, span, depth)
    }
    throw this.#unknownColumn(column)
  }

  /** Whether a column without a table's name in front can be called so. */
  sees(name: Name): boolean {
    return [...this.#outwards()].some(([, scope]) => scope.visible.find(name).length > 0)
  }

  /** The source that `t` of `t.*` names. */
  findSource(qualifier: readonly Name[], span: Span): Source {
    const own = this.visible.sources.filter((source) => meansSource(qualifier, source))
    const [first, second] = own
    if (first === undefined) throw this.#unknownSource(qualifier, span)
    if (second !== undefined) throw ambiguousSource(qualifier, own, span)
    return first
  }

  #resolveQualified(qualifier: readonly Name[], column: Name, path: QualifiedName): ResolvedColumn {
    for (const [depth, scope] of this.#outwards()) {
      const sources = scope.visible.sources.filter((source) => meansSource(qualifier, source))
      const [source, second] = sources
      if (source === undefined) continue
      if (second !== undefined) throw ambiguousSource(qualifier, sources, qualifierSpan(qualifier))
      const found = source.columns.find(column)
      const [first, other] = found
      if (first === undefined) throw unknownIn([source], column, path.span)
      if (other !== undefined) {
        throw new AdqlError(
          'ambiguous-column',
          `${label(source)} has ${found.length} columns ${column.text}.`,
          path.span,
        )
      }
      const { type, unit } = first
      const own = { kind: 'column', source, column: first, qualified: true, type, unit, span: path.span } as const
      if (depth > 0) scope.correlated.push({ ...own, depth: 0 })
      return { ...own, depth }
    }
    throw this.#unknownSource(qualifier, qualifierSpan(qualifier))
  }

  *#outwards(): Generator<[number, Scope]> {
    let scope: Scope | undefined = this
    for (let depth = 0; scope !== undefined; depth++) {
      yield [depth, scope]
      scope = scope.outer
    }
  }

  #allSources(): Source[] {
    return [...this.#outwards()].flatMap(([, scope]) => scope.visible.sources)
  }

  #unknownColumn(name: Name): AdqlError {
    const error = unknownIn(this.#allSources(), name, name.span)
    if (this.aliases.some((alias) => nameMeans(name, declared(alias)))) {
      const written = writtenName(name)
      const message = `${written} is an alias of the select list: only GROUP BY and ORDER BY can use it, by itself. Write here what it stands for.`
      return new AdqlError('unknown-column', message, name.span)
    }
    if (error.suggestions.length > 0) return error
    const elsewhere = this.context.tables.tables.filter((table) => table.columns.find(name).length > 0)
    if (elsewhere.length === 0) return error
    const tables = elsewhere.slice(0, 3).map(({ tapName }) => tapName)
    const more = elsewhere.length > tables.length ? ' and others' : ''
    const hint = ` A column of that name is in ${listOf(tables, 'and')}${more}.`
    return new AdqlError('unknown-column', error.message + hint, name.span, { suggestions: error.suggestions })
  }

  #unknownSource(qualifier: readonly Name[], span: Span): AdqlError {
    const written = qualifier.map(writtenName).join('.')
    const sources = this.#allSources()
    const hidden = sources.find(
      ({ of, alias }) => alias !== undefined && of.kind === 'table' && meansTable(qualifier, of.table),
    )
    if (hidden?.alias !== undefined) {
      const alias = writtenName(hidden.alias)
      const message = `${written} is called ${alias} in this query, and only so: write ${alias}.`
      return new AdqlError('unknown-table', message, span, { suggestions: [alias] })
    }
    const labels = sources.map(label)
    // Of one or two letters every alias would be near.
    const suggestions = written.length < 3 ? [] : nearMisses(written, labels)
    const among = labels.length === 0 ? '' : ` It names ${listOf(labels.slice(0, 6), 'and')}.`
    const message = `FROM names no table ${written} that can be used here.${didYouMean(suggestions) || among}`
    return new AdqlError('unknown-table', message, span, { suggestions })
  }
}

function qualifierSpan(qualifier: readonly Name[]): Span {
  return { start: qualifier[0]?.span.start ?? 0, end: qualifier.at(-1)?.span.end ?? 0 }
}

/** How a query calls a source: by its alias, or by the table's name. */
export function label({ alias, of }: Source): string {
  if (alias !== undefined) return writtenName(alias)
  if (of.kind === 'table') return of.table.tapName
  return of.kind === 'common' ? writtenName(of.common.name) : 'a subquery'
}

function meansSource(qualifier: readonly Name[], { alias, of }: Source): boolean {
  const [first, second] = qualifier
  if (first === undefined) return false
  if (alias !== undefined) return second === undefined && nameMeans(first, declared(alias))
  if (of.kind === 'table') return meansTable(qualifier, of.table)
  return of.kind === 'common' && second === undefined && nameMeans(first, declared(of.common.name))
}

function meansTable(
  qualifier: readonly Name[],
  table: { catalog?: DeclaredName; schema: DeclaredName; name: DeclaredName },
) {
  const [name, schema, catalog] = qualifier.toReversed()
  if (name === undefined || !nameMeans(name, table.name)) return false
  if (schema !== undefined && !nameMeans(schema, table.schema)) return false
  return catalog === undefined || (table.catalog !== undefined && nameMeans(catalog, table.catalog))
}

function ambiguous(name: Name, found: readonly VisibleColumn[]): AdqlError {
  const sources = new Set(found.flatMap((column) => (column.kind === 'column' ? [column.source] : [])))
  if (sources.size < 2) {
    return new AdqlError(
      'ambiguous-column',
      `${writtenName(name)} may be one of ${found.length} columns of that name.`,
      name.span,
    )
  }
  const suggestions = [...sources].map((source) => `${shortLabel(source)}.${writtenName(name)}`)
  const message = `${writtenName(name)} may be ${listOf(suggestions, 'or')}: write the table too.`
  return new AdqlError('ambiguous-column', message, name.span, { suggestions })
}

function ambiguousSource(qualifier: readonly Name[], sources: readonly Source[], span: Span): AdqlError {
  const suggestions = sources.map(label)
  const message = `${qualifier.map(writtenName).join('.')} may be ${listOf(suggestions, 'or')}: write the schema too, or give aliases.`
  return new AdqlError('ambiguous-table', message, span, { suggestions })
}

/** As `label`, but a table by its bare name. */
function shortLabel(source: Source): string {
  return source.alias === undefined && source.of.kind === 'table' ? adqlName(source.of.table.name) : label(source)
}

function unknownIn(sources: readonly Source[], name: Name, span: Span): AdqlError {
  const columns = sources.flatMap(({ columns: { all } }) => all)
  const sameLetters = columns.filter((column) => column.name.text.toLowerCase() === name.text.toLowerCase())
  const byText = new Map(columns.map((column) => [column.name.text, adqlName(column.name)]))
  const near =
    sameLetters.length > 0 ? sameLetters.map((column) => column.name.text) : nearMisses(name.text, byText.keys())
  const suggestions = [...new Set(near.map((text) => byText.get(text) ?? text))]
  const where = listOf(sources.slice(0, 4).map(label), 'or')
  const exact = name.quoted && sameLetters.length > 0 ? ' Names in double quotes compare exactly.' : ''
  const text =
    name.quoted && suggestions.length === 0 ? ` If it is a text, write it in single quotes: ${textOf(name)}.` : ''
  const message = `There is no column ${writtenName(name)} in ${where}.${exact}${didYouMean(suggestions)}${text}`
  return new AdqlError('unknown-column', message, span, {
    suggestions: text === '' ? suggestions : [textOf(name)],
  })
}

function textOf({ text }: Name): string {
  return `'${text.replaceAll("'", "''")}'`
}
