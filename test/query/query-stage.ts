import type pg from 'pg'
import { STANDARD_FUNCTIONS } from '../../shared/adql/functions/table.ts'
import type { PhysicalNames } from '../../shared/environment/physical-names.ts'
import { openPostgresqlService, type PostgresqlServiceOptions } from '../../shared/query/postgresql.ts'
import type { QueryRequest, QueryService, RunningQuery } from '../../shared/query/service.ts'
import { type LiveMetadata, type LiveMetadataSource, watchLiveMetadata } from '../../shared/tap/live-metadata.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { stageRequest } from '../support/sample-release.ts'

export const LOWER_CASE: PhysicalNames = { rule: 'lower', schemas: new Map(), tables: new Map(), columns: new Map() }

/** A database with a live release of `survey.object` and 1000 rows of it. */
export interface QueryDatabase {
  readonly database: TestDatabase
  /** The login of the service, which may read and nothing else. */
  readonly login: string
  goLive(version: string, files?: ReadonlyMap<string, string>): Promise<void>
}

/** With it a service that answers queries. */
export interface QueryStage extends QueryDatabase {
  readonly pool: pg.Pool
  readonly liveTables: LiveMetadataSource
  readonly service: QueryService<LiveMetadata>
  readonly logged: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[]
}

type Changes = Partial<PostgresqlServiceOptions<LiveMetadata>> & {
  readonly max?: number
  /** For tests that leave it as it is; one of its own unless given. */
  readonly on?: QueryDatabase
}

export async function prepareQueries({ max = 10, on, ...options }: Changes = {}): Promise<QueryStage> {
  const prepared = on ?? (await prepareDatabase())
  const { database, login } = prepared
  const pool = options.pool ?? database.poolAs(login, max)
  const liveTables =
    options.liveTables ?? watchLiveMetadata({ pool: options.slotPool ?? pool, role: null, names: LOWER_CASE })
  const logged: QueryStage['logged'] = []
  const logger = { error: (message: string, fields = {}) => logged.push({ message, fields }) }
  const service = openPostgresqlService({
    pool,
    role: null,
    geometry: 'auto',
    functions: STANDARD_FUNCTIONS,
    liveTables,
    logger,
    ...options,
  })
  return { ...prepared, pool, liveTables, service, logged }
}

/** `keep`: dropping it is up to the caller. */
export async function prepareDatabase(options: { readonly keep?: boolean } = {}): Promise<QueryDatabase> {
  const database = await createTestDatabase(options)
  const login = await database.createLogin()
  await database.pool.query(`
    create schema survey;
    create table survey.object (object_id bigint, ra float8, dec float8);
    insert into survey.object select i, i * 0.36, i * 0.18 - 90 from generate_series(0, 999) as i;
    grant usage on schema survey to ${login};
    grant select on all tables in schema survey to ${login}`)
  const goLive = async (version: string, files?: ReadonlyMap<string, string>) => {
    const request = stageRequest(version, { readers: [login], ...(files === undefined ? {} : { files }) })
    await stageRelease(database.pool, request)
    await swap(database.pool, { expectedVersion: version, actor: 'tester' })
  }
  await goLive('w.2026.01')
  return { database, login, goLive }
}

export function request(adql: string, changes: Partial<QueryRequest> = {}): QueryRequest {
  return { adql, maxRows: 1000, uploads: [], timeoutMs: 10_000, ...changes }
}

/** The bytes of a result, all at once. */
export async function readAll({ rows }: RunningQuery): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of rows) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Rows of binary COPY, each cell as its bytes; null where it is NULL. */
export function cellsOf(copy: Buffer): (Buffer | null)[][] {
  if (copy.subarray(0, 11).toString('latin1') !== 'PGCOPY\n\xff\r\n\0') throw new Error('not a COPY')
  const rows: (Buffer | null)[][] = []
  for (let at = 19; ; ) {
    const count = copy.readInt16BE(at)
    at += 2
    if (count === -1) {
      if (at !== copy.length) throw new Error('bytes behind the end')
      return rows
    }
    const row: (Buffer | null)[] = []
    for (let column = 0; column < count; column++) {
      const length = copy.readInt32BE(at)
      at += 4
      row.push(length < 0 ? null : copy.subarray(at, at + length))
      if (length > 0) at += length
    }
    rows.push(row)
  }
}
