import type pg from 'pg'
import type { Position, TableMetadata } from '../adql/metadata.ts'
import { adqlName } from '../adql/names.ts'
import { parseQuery } from '../adql/parse.ts'
import { type GeometryStrategy, toPostgresql } from '../adql/postgresql.ts'
import { resolveQuery } from '../adql/resolve.ts'
import { TableSet } from '../adql/table-set.ts'
import type { Finding } from './compare-tables.ts'

/**
 * Asks PostgreSQL how it would search a cone around each position: whether an index can answer, by whatever expression
 * it was made, also below a view.
 *
 * @param client in a transaction, with the search path in which queries find the geometry's functions
 * @param tables those that are there with all columns of their positions, and that the client may read
 */
export async function findSlowPositions(
  client: pg.ClientBase,
  tables: readonly TableMetadata[],
  geometry: GeometryStrategy,
): Promise<readonly Finding[]> {
  // Without these, small tables would be read as a whole although there is an index.
  await client.query('set local enable_seqscan to off; set local enable_indexonlyscan to off; set local jit to off')
  const findings: Finding[] = []
  for (const table of tables) {
    for (const position of table.positions) {
      const { rows } = await client.query<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }>(
        `explain (format json) ${coneSearch(table, position, geometry)}`,
      )
      const [plan] = rows[0]?.['QUERY PLAN'] ?? []
      if (plan !== undefined && isIndexed(plan.Plan)) continue
      const names = [position.longitude, position.latitude].map(({ origin, name }) => origin?.column ?? name.text)
      const message = `no index finds positions: a search around (${names.join(', ')}) reads the whole table`
      findings.push({
        code: 'slow_position',
        severity: 'warning',
        table: table.tapName,
        column: names[1] ?? '',
        message,
      })
    }
  }
  return findings
}

function coneSearch(table: TableMetadata, { longitude, latitude }: Position, geometry: GeometryStrategy): string {
  const [ra, dec] = [adqlName(longitude.name), adqlName(latitude.name)]
  const adql = `SELECT ${ra} FROM ${table.tapName} WHERE 1 = CONTAINS(POINT(${ra}, ${dec}), CIRCLE(10, 20, 0.001))`
  return toPostgresql(resolveQuery(parseQuery(adql), new TableSet([table])), { geometry })
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly PlanNode[]
}

/** Whether each table below is found by a condition on an index. */
function isIndexed(node: PlanNode): boolean {
  const below = node.Plans ?? []
  return below.length === 0
    ? node['Index Cond'] !== undefined || node['Node Type'] === 'Result'
    : below.every(isIndexed)
}
