import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { installObscore } from '../../shared/obscore/install.ts'
import { DEFAULT_MAPPING, type ObscoreMapping } from '../../shared/obscore/mapping.ts'
import { formatProblem } from '../../shared/problem.ts'
import { createTestDatabase, type TestDatabase } from './postgres.ts'
import { prepareDatabase } from './prepared-database.ts'

/** Reference data of the project; not a part of it. */
export const OBSCORE_DATA = join(import.meta.dirname, '../../../shared/data/obscore')
export const NEEDS_DATA = existsSync(OBSCORE_DATA) ? '' : ' (skipped: no ../shared/data/obscore)'

/** A document of the reference data and what becomes of it. */
export interface DocumentCase {
  readonly id: string
  readonly mapping: 'ska' | 'site'
  readonly vo: string
  readonly scope: string
  readonly name: string
  readonly data: unknown
  readonly row: Readonly<Record<string, unknown>> | null
  readonly reasons: readonly { readonly column: string | null; readonly code: string }[]
}

export function readCases(): readonly DocumentCase[] {
  return JSON.parse(readFileSync(join(OBSCORE_DATA, 'cases.json'), 'utf8'))
}

/** The mapping of an environment file whose section `obscore` is this. */
export function mappingOf(section: unknown): ObscoreMapping {
  const { environment, problems } = parseEnvironment('env.yaml', JSON.stringify({ obscore: section }))
  if (environment === null) throw new Error(problems.map(formatProblem).join('\n'))
  return environment.obscore ?? DEFAULT_MAPPING
}

export function readMapping(name: 'ska' | 'site'): ObscoreMapping {
  return mappingOf(JSON.parse(readFileSync(join(OBSCORE_DATA, `mapping-${name}.json`), 'utf8')))
}

/** The table of Rucio's plugin for metadata in PostgreSQL (external_postgres_json.py). */
export const CREATE_DIDS = `
create table public.dids (
  id bigint generated always as identity,
  vo character varying not null,
  scope character varying not null,
  name character varying not null,
  data jsonb default '{}',
  unique (scope, name)
)`

export type Outcome = Pick<DocumentCase, 'row' | 'reasons'>

/** What the tables hold for a DID, in the form of the reference data. */
export async function outcomeOf(pool: pg.Pool, scope: string, name: string): Promise<Outcome> {
  const records = await pool.query(
    `select to_jsonb(o) - 's_region_geo' as row from ivoa.obscore o where rucio_did_scope = $1 and rucio_did_name = $2`,
    [scope, name],
  )
  const rejects = await pool.query('select kept, reasons from ivoa.obscore_reject where scope = $1 and name = $2', [
    scope,
    name,
  ])
  const row = records.rows[0]?.row ?? null
  const [reject] = rejects.rows
  if (reject !== undefined && reject.kept !== (row !== null)) throw new Error('kept is wrong')
  return {
    row:
      row === null
        ? null
        : Object.fromEntries(
            Object.entries(row)
              .filter(([, value]) => value !== null)
              .map(readable),
          ),
    reasons: (reject?.reasons ?? []).map(({ column, code }: { column: string; code: string }) => ({ column, code })),
  }
}

function readable([name, value]: [string, unknown]): [string, unknown] {
  if (name !== 's_region') return [name, value]
  const [shape = '', frame, ...numbers] = String(value).split(' ')
  if (frame !== 'ICRS') throw new Error(`a region in ${frame}`)
  return [name, { [shape.toLowerCase()]: numbers.map(Number) }]
}

/** A database with the table of Rucio's plugin and ObsCore installed over it; `keep` as in createTestDatabase. */
export async function installed(mapping: ObscoreMapping = DEFAULT_MAPPING, keep = false): Promise<TestDatabase> {
  const database = await createTestDatabase({ initialised: false, keep })
  await database.pool.query(CREATE_DIDS)
  await installObscore(database.pool, mapping)
  return database
}

/** Makes such databases, copied from one; to be called outside of tests. */
export function prepareInstalled(): () => Promise<TestDatabase> {
  return prepareDatabase(
    async ({ pool }) => {
      await pool.query(CREATE_DIDS)
      await installObscore(pool, DEFAULT_MAPPING)
    },
    { initialised: false },
  )
}

export async function openSession({ url }: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

/** Both tables, without the times of the reasons. */
export async function tablesOf({ pool }: TestDatabase): Promise<unknown> {
  const { rows } = await pool.query(`
    select (select jsonb_agg(to_jsonb(o) || jsonb_build_object('s_region_geo', s_region_geo::text)
                             order by rucio_did_scope, rucio_did_name) from ivoa.obscore o) as records,
           (select jsonb_agg(to_jsonb(r) - 'at' order by scope, name) from ivoa.obscore_reject r) as rejects`)
  return rows[0]
}

/** The least that a document needs. */
export const GOOD = { calib_level: 2, obs_collection: 'c', obs_id: 'o', obs_publisher_did: 'd' }

export async function insertDid(on: pg.Client | pg.Pool, name: string, data: unknown): Promise<void> {
  await on.query("insert into public.dids (vo, scope, name, data) values ('def', 's', $1, $2)", [
    name,
    JSON.stringify(data),
  ])
}
