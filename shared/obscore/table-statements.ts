import { positionIndex } from '../adql/position-indexes.ts'
import type { GeometryStrategy } from '../adql/postgresql.ts'
import { KEY_COLUMNS, type TablePair } from './build-functions.ts'
import { OBSCORE_COLUMNS } from './columns.ts'

/** Owns the tables and the functions. */
export const OBSCORE_ROLE = 'almagest_obscore'

/**
 * The two tables, without indexes but for their keys (of the records: if `withKey`). No column has a length, because a long value must not fail a write;
 * no key refers to the source, because that would let an archive's table refuse deletes there. A page has room for new
 * versions of its rows: an update that changes no column with an index then writes to none.
 */
export function tableStatements({ records, rejects }: TablePair, withKey = true): readonly string[] {
  const columns = OBSCORE_COLUMNS.map(
    ({ name, sqlType, mandatory }) => `${name} ${sqlType}${mandatory ? ' not null' : ''}`,
  )
  return [
    `create table if not exists ivoa.${records} (
  rucio_did_scope text not null,
  rucio_did_name text not null,
  ${[...columns, 's_region_geo box', ...(withKey ? [`primary key (${KEY_COLUMNS.join(', ')})`] : [])].join(',\n  ')}
) with (fillfactor = 85)`,
    `create table if not exists ivoa.${rejects} (
  scope text not null,
  name text not null,
  kept boolean not null,
  reasons jsonb not null,
  at timestamptz not null default clock_timestamp(),
  primary key (scope, name)
)`,
  ]
}

/**
 * Indexes for the conditions that queries have. Those of texts are SP-GiST, because a B-tree refuses texts beyond 2.7 kB, and
 * a write must not fail for the length of a text; it answers `=` and LIKE with a beginning. That of boxes is SP-GiST too:
 * it takes half as long as GiST, for writers and for searches.
 */
export function indexStatements(table: string, geometry: GeometryStrategy): readonly string[] {
  const position = positionIndex(geometry, 's_ra', 's_dec')
  return [
    `create index on ivoa.${table} using spgist (obs_publisher_did)`,
    `create index on ivoa.${table} using spgist (obs_id)`,
    `create index on ivoa.${table} using spgist (obs_collection)`,
    `create index on ivoa.${table} (t_min)`,
    `create index on ivoa.${table} using ${position.method} (${position.expression})`,
    `create index on ivoa.${table} using spgist (s_region_geo)`,
  ]
}
