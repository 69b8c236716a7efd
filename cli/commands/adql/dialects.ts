import { type GeometryStrategy, toPostgresql } from '../../../shared/adql/postgresql.ts'
import { toQserv } from '../../../shared/adql/qserv.ts'
import type { ResolvedQuery } from '../../../shared/adql/resolved.ts'

export type Translate = (query: ResolvedQuery) => string

/** The dialects of SQL by name, each with the geometry that was asked for. */
export const DIALECTS: Readonly<Record<string, (geometry: GeometryStrategy) => Translate>> = {
  postgresql: (geometry) => (query) => toPostgresql(query, { geometry }),
  qserv: () => (query) => toQserv(query),
}
