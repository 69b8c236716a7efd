import type pg from 'pg'
import type { ColumnMetadata, TableMetadata } from '../adql/metadata.ts'
import type { GeometryStrategy } from '../adql/postgresql.ts'
import { Failure } from '../failure.ts'
import { inTransaction } from '../tap-schema/transaction.ts'
import { compareTables, type Finding } from './compare-tables.ts'
import { findSlowPositions } from './position-plans.ts'
import { findUnknownRoles, readRelations } from './relations.ts'
import { useGeometry } from './use-geometry.ts'

/** A role that was named is not there. */
export class UnknownRoleError extends Failure {
  constructor(roles: readonly string[]) {
    super('missing', 'role_missing', `there is no role called ${roles.join(', ')} in this database`)
  }
}

export interface CheckOptions {
  readonly geometry: GeometryStrategy | 'auto'
  /** Roles that should be able to read the tables. */
  readonly readers: readonly string[]
}

export interface TableCheck {
  readonly geometry: GeometryStrategy
  readonly tables: number
  readonly columns: number
  readonly findings: readonly Finding[]
}

/**
 * Compares what TAP_SCHEMA says of some tables with the tables of a database. Nothing is changed.
 *
 * @param tables with the names that they have in this database
 * @throws UnknownRoleError, DatabaseError, ConnectionError
 */
export async function checkTables(
  pool: pg.Pool,
  tables: readonly TableMetadata[],
  { geometry: wish, readers }: CheckOptions,
): Promise<TableCheck> {
  return inTransaction(pool, 'checking the tables', async (client) => {
    await client.query('set transaction read only')
    const unknown = await findUnknownRoles(client, readers)
    if (unknown.length > 0) throw new UnknownRoleError(unknown)
    const schemas = new Set(tables.map(({ physical }) => physical?.schema ?? ''))
    const geometry = await useGeometry(client, wish)
    const relations = await readRelations(client, [...schemas], readers)
    const found = compareTables(tables, relations, geometry)
    const searched = await findSearchable(client, tables, found)
    const slow = await findSlowPositions(client, searched, geometry)
    const order = new Map(tables.map(({ tapName }, index) => [tapName, index]))
    const findings = [...found, ...slow].sort((a, b) => (order.get(a.table) ?? 0) - (order.get(b.table) ?? 0))
    const columns = tables.reduce((sum, table) => sum + table.columns.all.length, 0)
    return { geometry, tables: tables.length, columns, findings }
  })
}

/** The tables that this login may read, with those of their positions that are there as numbers. */
async function findSearchable(
  client: pg.ClientBase,
  tables: readonly TableMetadata[],
  found: readonly Finding[],
): Promise<readonly TableMetadata[]> {
  const { rows } = await client.query<{ readable: boolean }>(
    `select coalesce(has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select'), false) as readable
       from unnest($1::text[], $2::text[]) with ordinality as wanted(schema, name, number)
       left join pg_namespace n on n.nspname = wanted.schema
       left join pg_class c on c.relnamespace = n.oid and c.relname = wanted.name
      order by number`,
    [tables.map(({ physical }) => physical?.schema), tables.map(({ physical }) => physical?.name)],
  )
  const wrong = new Set(
    found.flatMap(({ code, table, column }) => (WRONG.includes(code) ? [`${table} ${column}`] : [])),
  )
  const isRight = (table: TableMetadata, { name, origin }: ColumnMetadata) =>
    !wrong.has(`${table.tapName} ${origin?.column ?? name.text}`)
  return tables.flatMap((table, index) => {
    if (rows[index]?.readable !== true) return []
    const positions = table.positions.filter(
      ({ longitude, latitude }) => isRight(table, longitude) && isRight(table, latitude),
    )
    return [{ ...table, positions }]
  })
}

const WRONG: readonly Finding['code'][] = ['missing_column', 'wrong_type']
