import type pg from 'pg'
import type { GeometryStrategy } from '../adql/postgresql.ts'

const EXTENSIONS: readonly (readonly [extension: string, geometry: GeometryStrategy])[] = [
  ['pg_sphere', 'pgsphere'],
  ['postgis', 'postgis'],
]

/** What finds positions in a database: of the extensions that it has, the first. */
export async function probeGeometry(client: pg.ClientBase): Promise<GeometryStrategy> {
  const { rows } = await client.query<{ extname: string }>('select extname from pg_catalog.pg_extension')
  const installed = rows.map(({ extname }) => extname)
  return EXTENSIONS.find(([extension]) => installed.includes(extension))?.[1] ?? 'portable'
}
