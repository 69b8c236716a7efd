import pg from 'pg'
import { SCISQL } from '../../shared/adql/functions/scisql.ts'
import type { ResultColumnType } from './script.ts'
import { type KnownNames, translateSql } from './translate-sql.ts'

/** A result as the czar keeps it: the values as text, or null. */
export interface SqlResult {
  readonly schema: readonly ResultColumnType[]
  readonly rows: readonly (readonly (string | Buffer | null)[])[]
}

/** Runs the SQL of a query. Throws what the database says. */
export type RunSql = (sql: string, signal?: AbortSignal) => Promise<SqlResult>

/** The schema with Qserv's functions. */
export const FUNCTIONS_SCHEMA = 'qserv'

/**
 * Answers Qserv's SQL from PostgreSQL. `prepareFunctions` must have been called for the database once.
 *
 * @param pool who may read the tables and use the schema of the functions
 */
export function openSqlRunner(pool: pg.Pool): RunSql {
  return async (sql) => {
    const client = await pool.connect()
    // One that dies between two statements would end the process otherwise.
    const ignore = () => {}
    client.on('error', ignore)
    try {
      await client.query('begin read only')
      await client.query(`set local search_path to ${FUNCTIONS_SCHEMA}, pg_catalog; set local datestyle to iso`)
      const names = await readNames(client)
      const text = translateSql(sql, names)
      const { fields, rows } = await client.query<(string | null)[]>({ text, rowMode: 'array', types: AS_TEXT })
      const columns = fields.map((field) => ({ field, kind: KINDS[field.dataTypeID] ?? TEXT }))
      return {
        schema: columns.map(({ field, kind }, index) => ({
          column: field.name === '?column?' ? `QS${index + 1}_EXPR` : field.name,
          type: kind.type,
          is_binary: kind.binary === true ? 1 : 0,
        })),
        rows: rows.map((row) =>
          row.map((value, index) => (value === null ? null : (columns[index]?.kind ?? TEXT).show(value))),
        ),
      }
    } finally {
      await client.query('rollback').catch(() => {})
      client.off('error', ignore)
      client.release()
    }
  }
}

/** Defines Qserv's functions, and those of MySQL that PostgreSQL has not; again and again. */
export async function prepareFunctions(pool: pg.Pool, readers: readonly string[] = []): Promise<void> {
  const defined = SCISQL.flatMap(({ name, signatures: [signature], sql }) => {
    const rule = sql.postgresql
    if (typeof rule !== 'function' || signature === undefined) return []
    const parameters = signature.parameters.map((_, index) => `p${index + 1}`)
    const list = parameters.map((parameter) => `${parameter} float8`).join(', ')
    return [define(`${name}(${list})`, 'float8', rule(...parameters.map((parameter) => `(${parameter})`)))]
  })
  await pool.query(`
    create schema if not exists ${FUNCTIONS_SCHEMA};
    ${[...defined, ...OWN].join('\n')}
    ${readers.map((reader) => `grant usage on schema ${FUNCTIONS_SCHEMA} to ${pg.escapeIdentifier(reader)};`).join('\n')}`)
}

function define(signature: string, returns: string, expression: string): string {
  return `create or replace function ${FUNCTIONS_SCHEMA}.${signature} returns ${returns} language sql immutable as $$ select (${expression})::${returns} $$;`
}

/** MariaDB has no NaN: what PostgreSQL has of it counts as NULL. */
function anyMissing(...names: readonly string[]): string {
  return names.map((name) => `${name} is null or ${name} = 'NaN'`).join(' or ')
}

const MISSING = anyMissing('ra1', 'dec1', 'ra2', 'dec2')
/** Square of the sine of half the separation. */
const HAVERSINE = 'power(sind((dec2 - dec1) / 2), 2) + cosd(dec1) * cosd(dec2) * power(sind((ra2 - ra1) / 2), 2)'

/** On the inner side of each of a convex polygon's sides, which may be given in either order. */
const IN_POLYGON = `
  create or replace function ${FUNCTIONS_SCHEMA}.scisql_s2ptincpoly(lon float8, lat float8, variadic v float8[]) returns integer
  language sql immutable as $$
    with vertex as (
      select i, cosd(v[2*i+1]) * cosd(v[2*i+2]) as x, sind(v[2*i+1]) * cosd(v[2*i+2]) as y, sind(v[2*i+2]) as z
        from generate_series(0, cardinality(v) / 2 - 1) as i
    ),
    point as (select cosd(lon) * cosd(lat) as x, sind(lon) * cosd(lat) as y, sind(lat) as z),
    centre as (select sum(x) as x, sum(y) as y, sum(z) as z from vertex),
    normal as (
      select a.y * b.z - a.z * b.y as x, a.z * b.x - a.x * b.z as y, a.x * b.y - a.y * b.x as z
        from vertex a join vertex b on b.i = (a.i + 1) % (cardinality(v) / 2)
    )
    select case when ${anyMissing('lon', 'lat')} then null
                when min((n.x * p.x + n.y * p.y + n.z * p.z) * sign(n.x * c.x + n.y * c.y + n.z * c.z)) >= -1e-15 then 1
                else 0 end
      from normal n, point p, centre c
  $$;`

const OWN: readonly string[] = [
  define(
    'scisql_angsep(ra1 float8, dec1 float8, ra2 float8, dec2 float8)',
    'float8',
    `case when ${MISSING} then null else 2 * degrees(asin(least(1, sqrt(${HAVERSINE})))) end`,
  ),
  define(
    'scisql_s2ptincircle(ra1 float8, dec1 float8, ra2 float8, dec2 float8, radius float8)',
    'integer',
    `case when ${MISSING} then null when abs(dec1 - dec2) > radius + 1e-9 then 0
          when ${HAVERSINE} <= power(sind(radius / 2), 2) then 1 else 0 end`,
  ),
  IN_POLYGON,
  define('rand()', 'float8', 'random()').replace('immutable', 'volatile'),
  define('truncate(x float8, digits integer)', 'float8', 'trunc(x::numeric, digits)'),
  define('round(x float8, digits integer)', 'float8', 'pg_catalog.round(x::numeric, digits)'),
  define('mod(x float8, y float8)', 'float8', 'pg_catalog.mod(x::numeric, nullif(y, 0)::numeric)'),
  define('log10(x float8)', 'float8', 'case when x > 0 then pg_catalog.log10(x) end'),
  define('ln(x float8)', 'float8', 'case when x > 0 then pg_catalog.ln(x) end'),
  define('sqrt(x float8)', 'float8', 'case when x >= 0 then pg_catalog.sqrt(x) end'),
  define('acos(x float8)', 'float8', 'case when abs(x) <= 1 then pg_catalog.acos(x) end'),
  define('asin(x float8)', 'float8', 'case when abs(x) <= 1 then pg_catalog.asin(x) end'),
  define(
    'concat(variadic parts text[])',
    'text',
    "case when array_position(parts, null) is null then array_to_string(parts, '') end",
  ),
]

async function readNames(client: pg.ClientBase): Promise<KnownNames> {
  const { rows } = await client.query<{ name: string }>(
    `select distinct name from (
       select attname::text as name from pg_attribute where attnum > 0 and attrelid >= 16384
       union all select relname::text from pg_class where oid >= 16384
       union all select nspname::text from pg_namespace) as names
      where name !~ '^pg_' order by name desc`,
  )
  return new Map(rows.map(({ name }) => [name.toLowerCase(), name]))
}

const AS_TEXT = { getTypeParser: () => (text: string) => text }

interface CellKind {
  /** As the czar says it. */
  readonly type: string
  readonly binary?: true
  /** PostgreSQL's text as MariaDB's; null: NULL. */
  show(text: string): string | Buffer | null
}

const asIs = (text: string) => text
/** MySQL has no NaN; exponents have no plus. */
const real = (text: string) => (/^-?(?:NaN|Infinity)$/.test(text) ? null : text.replace('e+', 'e'))
const TEXT: CellKind = { type: 'TEXT', show: asIs }

/** By PostgreSQL's object identifiers of types. */
const KINDS: Readonly<Record<number, CellKind>> = {
  16: { type: 'TINYINT(1)', show: (text) => (text === 't' ? '1' : '0') },
  17: { type: 'VARBINARY(255)', binary: true, show: (text) => Buffer.from(text.slice(2), 'hex') },
  20: { type: 'BIGINT(20)', show: asIs },
  21: { type: 'SMALLINT(6)', show: asIs },
  23: { type: 'INT(11)', show: asIs },
  25: TEXT,
  700: { type: 'FLOAT', show: real },
  701: { type: 'DOUBLE', show: real },
  1042: { type: 'CHAR(40)', show: (text) => text.trimEnd() },
  1043: { type: 'VARCHAR(255)', show: asIs },
  1082: { type: 'DATE', show: asIs },
  1114: { type: 'DATETIME(6)', show: (text) => (text.includes('.') ? text.padEnd(26, '0') : text) },
  1700: { type: 'DECIMAL(65,30)', show: real },
}
