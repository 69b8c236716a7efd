import { STANDARD_FUNCTIONS } from '../../shared/adql/functions/table.ts'
import { parseQuery } from '../../shared/adql/parse.ts'
import { type GeometryStrategy, toPostgresql } from '../../shared/adql/postgresql.ts'
import { resolveQuery } from '../../shared/adql/resolve.ts'
import { TableSet } from '../../shared/adql/table-set.ts'
import { tablesFromRows } from '../../shared/adql/tables-from-rows.ts'

const TABLES = new TableSet(
  tablesFromRows(
    [
      { schema_name: 'ivoa', table_name: 'ivoa.ObsCore' },
      { schema_name: 'sky', table_name: 'sky.stars' },
    ],
    [
      { table_name: 'ivoa.ObsCore', column_name: 'obs_id', datatype: 'char', arraysize: '*' },
      { table_name: 'ivoa.ObsCore', column_name: 's_region', datatype: 'char', arraysize: '*', xtype: 'adql:REGION' },
      { table_name: 'sky.stars', column_name: 'ra', datatype: 'double', unit: 'deg', ucd: 'pos.eq.ra' },
      { table_name: 'sky.stars', column_name: 'dec', datatype: 'double', unit: 'deg', ucd: 'pos.eq.dec' },
    ],
  ),
)

/** The SQL of a search in ivoa.ObsCore. */
export function sqlOf(adql: string, withBounds: boolean, geometry: GeometryStrategy = 'portable'): string {
  const resolved = resolveQuery(parseQuery(adql), TABLES, { functions: STANDARD_FUNCTIONS })
  return toPostgresql(resolved, {
    geometry,
    findBounds: (_table, { name }) => (withBounds && name.text === 's_region' ? 's_region_geo' : undefined),
  })
}
