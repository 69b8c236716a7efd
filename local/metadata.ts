import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import pg from 'pg'
import { from } from 'pg-copy-streams'
import { OBSCORE_COLUMNS } from '../shared/obscore/columns.ts'
import { installObscore } from '../shared/obscore/install.ts'
import { DEFAULT_MAPPING, type ObscoreMapping } from '../shared/obscore/mapping.ts'
import { rebuildObscore } from '../shared/obscore/rebuild.ts'
import { OBSCORE_ROLE } from '../shared/obscore/table-statements.ts'
import { SKY } from './sample/sample.ts'

/** Where the metadata of files lie, in the database of the TAP server. */
export const METADATA_TABLE = 'rucio.dids'

/** Who writes them, as Rucio does: this login has no rights on what is published. */
export const METADATA_LOGIN = 'rucio'

export const METADATA_MAPPING: ObscoreMapping = {
  ...DEFAULT_MAPPING,
  source: { ...DEFAULT_MAPPING.source, schema: 'rucio', table: 'dids' },
}

/**
 * Makes a table of metadata as Rucio has it, with the documents of the sample, and `ivoa.obscore` in step with it.
 *
 * @param databaseUrl of a superuser
 * @returns how many documents were loaded now
 */
export async function prepareMetadata(databaseUrl: string, readers: readonly string[]): Promise<number> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 5 })
  try {
    await pool.query(CREATE_DIDS)
    await dropFormerTable(pool)
    const { rebuildIsDue } = await installObscore(pool, METADATA_MAPPING, { readers })
    const { rowCount } = await pool.query(`select from ${METADATA_TABLE} limit 1`)
    if (rowCount === 0) return await loadDocuments(pool)
    if (rebuildIsDue) await rebuildObscore(pool, METADATA_MAPPING)
    return 0
  } finally {
    await pool.end()
  }
}

/** As Rucio's plugin for metadata in PostgreSQL wants it. */
const CREATE_DIDS = `
do $$ begin
  create role ${METADATA_LOGIN} login;
exception when duplicate_object then null;
end $$;
create schema if not exists rucio;
create table if not exists ${METADATA_TABLE} (
  id bigint generated always as identity,
  vo character varying not null,
  scope character varying not null,
  name character varying not null,
  data jsonb default '{}',
  unique (scope, name)
);
grant usage on schema rucio to ${METADATA_LOGIN};
grant select, insert, update, delete on ${METADATA_TABLE} to ${METADATA_LOGIN}`

/** Earlier versions loaded the sample's observations into a plain table. */
async function dropFormerTable(pool: pg.Pool): Promise<void> {
  const { rowCount } = await pool.query(
    `select from pg_tables where schemaname = 'ivoa' and tablename = 'obscore' and tableowner <> $1`,
    [OBSCORE_ROLE],
  )
  if (rowCount !== 0) await pool.query('drop table ivoa.obscore')
}

async function loadDocuments(pool: pg.Pool): Promise<number> {
  const client = await pool.connect()
  try {
    const columns = OBSCORE_COLUMNS.map(({ name }) => name).join(', ')
    await client.query(`create temporary table observations as select ${columns} from ivoa.obscore limit 0`)
    const copy = client.query(from('copy observations from stdin (format csv, header match)'))
    await pipeline(createReadStream(SKY.observations), createGunzip(), copy)
    const real = await client.query(
      `insert into ${METADATA_TABLE} (vo, scope, name, data)
       select 'def', 'archives', obs_publisher_did, jsonb_strip_nulls(to_jsonb(o)) from observations o`,
    )
    const made = await client.query(
      `insert into ${METADATA_TABLE} (vo, scope, name, data)
       select 'def', d ->> 'scope', d ->> 'name', d -> 'data' from jsonb_array_elements($1) as d`,
      [await readFile(SKY.documents, 'utf8')],
    )
    await client.query('analyze ivoa.obscore')
    return (real.rowCount ?? 0) + (made.rowCount ?? 0)
  } finally {
    client.release()
  }
}
