import { type GeometryStrategy, toPostgresql } from '../../../shared/adql/postgresql.ts'
import { pruningOf } from '../../../shared/adql/qserv/pruning.ts'
import { toQserv } from '../../../shared/adql/qserv.ts'
import type { ResolvedQuery } from '../../../shared/adql/resolved.ts'

export interface Translation {
  readonly sql: string
  /** Right, but perhaps not what is wanted. */
  readonly warning?: string
}

export type Translate = (query: ResolvedQuery) => Translation

/** The dialects of SQL by name, each with the geometry that was asked for. */
export const DIALECTS: Readonly<Record<string, (geometry: GeometryStrategy) => Translate>> = {
  postgresql: (geometry) => (query) => ({ sql: toPostgresql(query, { geometry }) }),
  qserv: () => (query) => {
    const sql = toQserv(query)
    const { pruned, why } = pruningOf(query)
    return pruned ? { sql } : { sql, warning: why }
  },
}
