import type { TableMetadata } from './metadata.ts'
import type { ResolvedQuery } from './resolved.ts'

/** The tables that a query reads, subqueries included, each once. */
export function tablesOf(query: ResolvedQuery): ReadonlySet<TableMetadata> {
  const tables = new Set<TableMetadata>()
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const item of node) visit(item)
    else if (typeof node === 'object' && node !== null) visitNode(node)
  }
  const visitNode = (node: Node) => {
    if (node.kind === 'table' && node.table !== undefined) tables.add(node.table)
    else if (node.kind !== 'column') {
      for (const [key, value] of Object.entries(node)) if (!LEAVES.has(key)) visit(value)
    }
  }
  visit(query.with)
  visit(query.body)
  return tables
}

interface Node {
  readonly kind?: unknown
  readonly table?: TableMetadata
}

/** What holds no sources, or those of a FROM that is visited anyway. */
const LEAVES: ReadonlySet<string> = new Set(['columns', 'common', 'type', 'span', 'function', 'signature', 'shape'])
