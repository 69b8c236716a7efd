import type pg from 'pg'
import { quote } from '../../adql/names.ts'
import type { GeometryStrategy } from '../../adql/postgresql.ts'

/** What is found out once of the server that answers queries. */
export interface ServerFacts {
  readonly geometry: GeometryStrategy
  /** Where the operators of the geometry extension are; `''` without one: PostgreSQL's own are always found. */
  readonly searchPath: string
  /** Whether the server can look during a statement if its client is still there (PostgreSQL 14 and later). */
  readonly noticesLostClients: boolean
  /** Whether the server knows a time limit for transactions (PostgreSQL 17 and later). */
  readonly limitsTransactions: boolean
  /** Whether the server follows another one, and can only be read. */
  readonly isReplica: boolean
  /** Columns of regions that have a column of their bounds (`schema.table.column`), and which that is. */
  readonly bounds: ReadonlyMap<string, string>
  /** Whether sessions begin with backslashes in texts that are only backslashes. */
  readonly conformingStrings: boolean
}

/** The extension that a strategy needs. */
const EXTENSIONS: Readonly<Record<string, GeometryStrategy>> = { pg_sphere: 'pgsphere', postgis: 'postgis' }

/**
 * @param geometry `auto`: by the extension that the database has, pg_sphere before PostGIS
 */
export async function probeServer(pool: pg.Pool, geometry: GeometryStrategy | 'auto'): Promise<ServerFacts> {
  const session = await pool.query<{ strings: string; replica: boolean }>(
    `select current_setting('standard_conforming_strings') as strings, pg_catalog.pg_is_in_recovery() as replica`,
  )
  const { rows } = await pool.query<{ name: string; schema: string }>(
    `select e.extname::text as name, n.nspname::text as schema
       from pg_catalog.pg_extension e
       join pg_catalog.pg_namespace n on n.oid = e.extnamespace
      where e.extname = any ($1)
      order by e.extname`,
    [Object.keys(EXTENSIONS)],
  )
  const [first] = rows
  const found = geometry === 'auto' ? first : rows.find(({ name }) => EXTENSIONS[name] === geometry)
  const strategy = geometry === 'auto' ? (EXTENSIONS[found?.name ?? ''] ?? 'portable') : geometry
  return {
    geometry: strategy,
    searchPath: found === undefined ? '' : quote(found.schema),
    bounds: await findBounds(pool),
    noticesLostClients: await canSet(pool, 'client_connection_check_interval', '1s'),
    conformingStrings: session.rows[0]?.strings === 'on',
    isReplica: session.rows[0]?.replica === true,
    limitsTransactions: await canSet(pool, 'transaction_timeout', '0'),
  }
}

/** `s_region` and, of type box, `s_region_geo`: tables that `almagest obscore` makes have them. */
async function findBounds(pool: pg.Pool): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ region: string; bounds: string }>(
    `select n.nspname || '.' || c.relname || '.' || r.attname as region, b.attname::text as bounds
       from pg_catalog.pg_attribute b
       join pg_catalog.pg_attribute r on r.attrelid = b.attrelid and r.attname || '_geo' = b.attname
       join pg_catalog.pg_class c on c.oid = b.attrelid and c.relkind in ('r', 'p', 'm', 'v')
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where b.atttypid = 'pg_catalog.box'::pg_catalog.regtype and r.atttypid = 'pg_catalog.text'::pg_catalog.regtype
        and not b.attisdropped and not r.attisdropped`,
  )
  return new Map(rows.map(({ region, bounds }) => [region, bounds]))
}

async function canSet(pool: pg.Pool, setting: string, value: string): Promise<boolean> {
  try {
    await pool.query(`set local ${setting} = '${value}'`)
    return true
  } catch (error) {
    if (UNSUPPORTED.includes(error instanceof Error && 'code' in error ? String(error.code) : '')) return false
    throw error
  }
}

/** undefined_object: an older server; invalid_parameter_value: a system that cannot do it. */
const UNSUPPORTED: readonly string[] = ['42704', '22023']
