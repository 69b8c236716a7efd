import type { TableMetadata } from './metadata.ts'
import type { ResolvedQuery } from './resolved.ts'
import type { Span } from './syntax.ts'

/** One mention of a table in a FROM of a query. */
export interface TableMention {
  readonly table: TableMetadata
  readonly span: Span
}

/** Where a query names tables, subqueries included, in the order of its text. */
export function tableMentions(query: ResolvedQuery): readonly TableMention[] {
  const mentions: TableMention[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const item of node) visit(item)
    else if (typeof node === 'object' && node !== null) visitNode(node)
  }
  const visitNode = (node: Node) => {
    if (node.kind === 'column') return
    if (node.of?.kind === 'table' && node.of.table !== undefined && node.span !== undefined) {
      mentions.push({ table: node.of.table, span: node.span })
      return
    }
    for (const [key, value] of Object.entries(node)) if (!LEAVES.has(key)) visit(value)
  }
  visit(query.with)
  visit(query.body)
  return mentions.sort((a, b) => a.span.start - b.span.start)
}

/** A node of a resolved query, as far as it can be a source. */
interface Node {
  readonly kind?: unknown
  readonly of?: { readonly kind?: unknown; readonly table?: TableMetadata }
  readonly span?: Span
}

/** What holds no sources, or those of a FROM that is visited anyway. */
const LEAVES: ReadonlySet<string> = new Set(['columns', 'common', 'type', 'span', 'function', 'signature', 'shape'])
