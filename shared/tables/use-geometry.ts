import type pg from 'pg'
import type { GeometryStrategy } from '../adql/postgresql.ts'

/** The extension that each strategy needs, in the order in which `auto` takes them. */
const EXTENSIONS: readonly (readonly [extension: string, geometry: GeometryStrategy])[] = [
  ['pg_sphere', 'pgsphere'],
  ['postgis', 'postgis'],
]

/**
 * Finds out what finds positions in a database, and puts its functions where the rest of the transaction finds them,
 * behind all that the login finds anyway.
 *
 * @param wish `auto`: of the extensions that the database has, the first
 */
export async function useGeometry(client: pg.ClientBase, wish: GeometryStrategy | 'auto'): Promise<GeometryStrategy> {
  const { rows } = await client.query<{ name: string; schema: string }>(
    `select e.extname::text as name, quote_ident(n.nspname) as schema
       from pg_catalog.pg_extension e
       join pg_catalog.pg_namespace n on n.oid = e.extnamespace`,
  )
  const isInstalled = (extension: string) => rows.some(({ name }) => name === extension)
  const found = EXTENSIONS.find(([extension, geometry]) =>
    wish === 'auto' ? isInstalled(extension) : geometry === wish,
  )
  const schema = rows.find(({ name }) => name === found?.[0])?.schema
  await client.query('set local search_path to default')
  if (schema !== undefined) {
    const extended =
      "select set_config('search_path', concat_ws(', ', nullif(current_setting('search_path'), ''), $1::text), true)"
    await client.query(extended, [schema])
  }
  return wish === 'auto' ? (found?.[1] ?? 'portable') : wish
}
