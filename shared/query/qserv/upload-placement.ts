import type { ColumnMetadata, TableMetadata } from '../../adql/metadata.ts'
import type { ResolvedColumn, ResolvedExpression, ResolvedQuery } from '../../adql/resolved.ts'

/** How Qserv is to hold an uploaded table (spec/qserv.md §1.7, §3.5): parameters of its ingest. */
export type UploadPlacement = Readonly<Record<string, string>>

/**
 * Finds out from a query how an uploaded table is best held: by position where it is searched for by position, beside a
 * director where it is joined by its id, else whole at every worker.
 */
export function placeUpload({ body }: ResolvedQuery, upload: TableMetadata): UploadPlacement {
  const found = new Finder(upload)
  found.visit(body)
  const { position, director } = found
  if (position !== undefined) {
    const [longitude, latitude] = position
    return {
      ...{ is_partitioned: '1', is_director: '1' },
      ...{ longitude_col_name: longitude, latitude_col_name: latitude },
    }
  }
  if (director === undefined) return {}
  const [schema = '', table = ''] = director.name.split('.')
  return {
    ...{ is_partitioned: '1', is_director: '0', id_col_name: director.column },
    ...{ ref_director_database: schema, ref_director_table: table, ref_director_id_col_name: director.id },
  }
}

class Finder {
  position: readonly [string, string] | undefined
  director: { readonly name: string; readonly id: string; readonly column: string } | undefined
  readonly #upload: TableMetadata

  constructor(upload: TableMetadata) {
    this.#upload = upload
  }

  visit(node: unknown): void {
    if (Array.isArray(node)) for (const item of node) this.visit(item)
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return
    const { kind } = node as { readonly kind?: unknown }
    if (kind === 'source' || kind === 'column') return
    if (kind === 'call') this.#lookAtCall(node as CallNode)
    if (kind === 'comparison' && (node as PairNode & { operator: string }).operator === '=')
      this.#lookAtPair(node as PairNode)
    if (kind === 'join')
      for (const pair of (node as { readonly pairs: readonly PairNode[] }).pairs) this.#lookAtPair(pair)
    for (const [key, value] of Object.entries(node)) if (!LEAVES.has(key)) this.visit(value)
  }

  #lookAtCall({ function: { name }, arguments: values }: CallNode): void {
    if (name !== 'POINT' && name !== 'DISTANCE') return
    for (const start of name === 'POINT' ? [0] : values.length === 4 ? [0, 2] : []) {
      const [longitude, latitude] = [this.#ownColumn(values[start]), this.#ownColumn(values[start + 1])]
      if (longitude !== undefined && latitude !== undefined) this.position ??= [longitude, latitude]
    }
  }

  #lookAtPair({ left, right }: PairNode): void {
    for (const [own, other] of [
      [left, right],
      [right, left],
    ]) {
      const column = this.#ownColumn(own)
      const director = other === undefined ? undefined : directorOf(other)
      if (column !== undefined && director !== undefined) this.director ??= { ...director, column }
    }
  }

  /** The exact name of a column of the upload. */
  #ownColumn(value: ResolvedExpression | undefined): string | undefined {
    if (value?.kind !== 'column' || value.source.of.kind !== 'table') return undefined
    return value.source.of.table === this.#upload ? (value.column as ColumnMetadata).physical : undefined
  }
}

interface CallNode {
  readonly function: { readonly name: string }
  readonly arguments: readonly ResolvedExpression[]
}

interface PairNode {
  readonly left: ResolvedExpression
  readonly right: ResolvedExpression
}

/** Where nothing of interest lies. */
const LEAVES: ReadonlySet<string> = new Set(['type', 'span', 'function', 'signature', 'source', 'columns'])

/** The director whose id a column holds. */
function directorOf(value: ResolvedExpression): { readonly name: string; readonly id: string } | undefined {
  if (value.kind !== 'column' || value.source.of.kind !== 'table') return undefined
  const { qserv, tapName } = value.source.of.table
  const { column } = value as ResolvedColumn
  if (qserv?.id === undefined || column.name.text.toLowerCase() !== qserv.id.toLowerCase()) return undefined
  if (qserv.kind === 'director') return { name: tapName, id: qserv.id }
  return qserv.kind === 'child' && qserv.director !== undefined ? { name: qserv.director, id: qserv.id } : undefined
}
