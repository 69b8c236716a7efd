import type { TableMetadata } from './metadata.ts'
import type { GeometryStrategy } from './postgresql/context.ts'
import { geography, spoint } from './postgresql/distance.ts'
import { columnSql } from './postgresql/names.ts'

/** An index of PostgreSQL: `create index on … using METHOD (EXPRESSION)`. */
export interface IndexRequirement {
  readonly method: 'btree' | 'gist'
  readonly expression: string
}

/**
 * The index by which a strategy finds positions: CONTAINS of a point, DISTANCE below a radius, crossmatches. It is on what
 * the dialect prints for a point, or PostgreSQL would not use it.
 *
 * @param longitude and `latitude`: columns, quoted
 */
export function positionIndex(geometry: GeometryStrategy, longitude: string, latitude: string): IndexRequirement {
  return INDEXES[geometry](longitude, latitude)
}

const INDEXES: Readonly<Record<GeometryStrategy, (longitude: string, latitude: string) => IndexRequirement>> = {
  portable: (_, latitude) => ({ method: 'btree', expression: latitude }),
  pgsphere: (longitude, latitude) => ({ method: 'gist', expression: spoint({ longitude, latitude }) }),
  // A cast needs parentheses of its own in an index.
  postgis: (longitude, latitude) => ({
    method: 'gist',
    expression: `(${geography({ longitude, latitude, columns: true })})`,
  }),
}

/** The indexes that searches by position in a table need, one a position that its columns' UCDs and units speak of. */
export function positionIndexes(table: TableMetadata, geometry: GeometryStrategy): IndexRequirement[] {
  return table.positions.map(({ longitude, latitude }) =>
    positionIndex(geometry, columnSql(longitude), columnSql(latitude)),
  )
}
