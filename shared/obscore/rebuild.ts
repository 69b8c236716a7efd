import type pg from 'pg'
import type { GeometryStrategy } from '../adql/postgresql.ts'
import { useGeometry } from '../tables/use-geometry.ts'
import { LOCK_CLASS } from '../tap-schema/sessions-in-the-way.ts'
import { quote } from '../tap-schema/slots.ts'
import { inTransaction } from '../tap-schema/transaction.ts'
import { KEY_COLUMNS, LIVE_TABLES, NEXT_TABLES } from './build-functions.ts'
import { exchangeTables } from './exchange.ts'
import { ObscoreNotReadyError } from './failures.ts'
import { fillNext, type Selection } from './fill.ts'
import { asOwner, createBuild } from './install.ts'
import { keyRanges, rangeCondition } from './key-ranges.ts'
import { identityOf, type ObscoreMapping } from './mapping.ts'
import { findSource, sourceSql } from './source.ts'
import { readState, requireTables } from './state.ts'
import { indexStatements, tableStatements } from './table-statements.ts'
import { disableRebuildTriggers, drainTouched, REBUILD_LOCK, setRebuildTriggers, TOUCHED_DDL } from './touched.ts'
import { withTableLocks } from './with-table-locks.ts'

export interface RebuildOptions {
  /** How many sessions convert records at the same time. */
  readonly sessions?: number
  readonly batchRows?: number
  /** How long to wait for locks, at each of the three moments that need some. */
  readonly deadlineMs?: number
  readonly onProgress?: (progress: RebuildProgress) => void
  readonly signal?: AbortSignal
}

export interface RebuildProgress {
  readonly phase: 'filling' | 'indexing' | 'exchanging'
  readonly records: number
  /** About how many there are. */
  readonly expected: number
}

export interface Rebuilt {
  readonly identity: string
  readonly records: number
  readonly rows: number
  readonly rejects: number
  readonly fillMs: number
  readonly durationMs: number
  /** How long the source was locked against writers in the end. */
  readonly exchangeMs: number
}

/**
 * Makes the table anew beside the live one, while the source is written to, and exchanges both in one transaction. Whatever
 * happens before that, the live table is as it was; the next rebuild begins again.
 *
 * @throws ObscoreNotReadyError, ObscoreSourceError, ObscoreBusyError, DatabaseError
 */
export async function rebuildObscore(
  pool: pg.Pool,
  mapping: ObscoreMapping,
  options: RebuildOptions = {},
): Promise<Rebuilt> {
  const started = performance.now()
  const { deadlineMs = 30_000 } = options
  const state = await readState(pool)
  if (state === null)
    throw new ObscoreNotReadyError('the database has no ObsCore table: run `almagest obscore init` on it')
  await requireTables(pool)
  return withRebuildLock(pool, async () => {
    const identity = identityOf(mapping)
    const isTable = await prepare(pool, mapping, identity, deadlineMs)
    try {
      const fillStarted = performance.now()
      const records = await fill(pool, mapping, identity, isTable, options)
      const fillMs = performance.now() - fillStarted
      options.onProgress?.({ phase: 'indexing', records, expected: records })
      await finish(pool, state.geometry, isTable)
      options.onProgress?.({ phase: 'exchanging', records, expected: records })
      if (isTable) await catchUp(pool, mapping, identity, deadlineMs, options.signal)
      const exchangeMs = await exchangeTables(pool, mapping, identity, deadlineMs)
      const counts = await countRows(pool)
      return { identity, records, ...counts, fillMs, exchangeMs, durationMs: performance.now() - started }
    } catch (error) {
      await cleanUp(pool, mapping, deadlineMs).catch(() => {})
      throw error
    }
  })
}

/** Two rebuilds at once would fill the same tables. The lock ends with its session, and the rebuild with the lock. */
async function withRebuildLock<T>(pool: pg.Pool, work: () => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  client.on('error', (error) => {
    broken = error
  })
  try {
    const { rows } = await client.query<{ free: boolean }>('select pg_catalog.pg_try_advisory_lock($1, $2) as free', [
      LOCK_CLASS,
      REBUILD_LOCK,
    ])
    if (rows[0]?.free !== true)
      throw new ObscoreNotReadyError('another rebuild is under way: wait for it, then look at the status')
    return await work()
  } finally {
    await client
      .query('select pg_catalog.pg_advisory_unlock($1, $2)', [LOCK_CLASS, REBUILD_LOCK])
      .catch((error: Error) => {
        broken = error
      })
    client.release(broken)
  }
}

/**
 * Empty tables, the functions of the mapping, and triggers that note from now on what is changed. The keys of a table are
 * read once each, so that their index can be made in the end, in less time; those of a view may repeat.
 */
async function prepare(pool: pg.Pool, mapping: ObscoreMapping, identity: string, deadlineMs: number): Promise<boolean> {
  await inTransaction(pool, 'preparing a rebuild', async (client) => {
    const { isTable } = await findSource(client, mapping.source)
    await client.query(`drop table if exists ivoa.${NEXT_TABLES.records}, ivoa.${NEXT_TABLES.rejects}`)
    await asOwner(client, tableStatements(NEXT_TABLES, !isTable).join(';\n'))
    await createBuild(client, mapping, identity)
  })
  return withTableLocks(pool, 'preparing a rebuild', mapping.source, { deadlineMs }, async (client, found) => {
    await client.query(TOUCHED_DDL)
    if (found.isTable) await setRebuildTriggers(client, mapping.source, identity, 'note')
    return found.isTable
  })
}

const BATCH_ROWS = 5_000

async function fill(
  pool: pg.Pool,
  mapping: ObscoreMapping,
  identity: string,
  isTable: boolean,
  { sessions = 2, batchRows = BATCH_ROWS, onProgress, signal }: RebuildOptions,
): Promise<number> {
  const expected = await estimateRecords(pool, mapping)
  let records = 0
  const fillPart = async (selection: Selection) => {
    signal?.throwIfAborted()
    const filled = await inTransaction(pool, 'filling the new table', async (client) => {
      await client.query("set local work_mem = '64MB'; set local synchronous_commit = off; set local jit = off")
      return fillNext(client, mapping, identity, selection)
    })
    // Not in one step with the wait: what another session adds meanwhile would be lost.
    records += filled
    onProgress?.({ phase: 'filling', records, expected: Math.max(expected, records) })
  }
  // A view has no index to go by: it is read in one piece.
  if (!isTable) {
    await fillPart({ sql: 'true', values: [] })
    return records
  }
  const ranges = keyRanges(pool, mapping.source, batchRows)
  const work = async () => {
    for (let next = await ranges.next(); next.done !== true; next = await ranges.next()) {
      await fillPart(rangeCondition('d', mapping.source.key, next.value))
    }
  }
  await Promise.all(Array.from({ length: sessions }, work))
  return records
}

async function estimateRecords(pool: pg.Pool, { source }: ObscoreMapping): Promise<number> {
  const { rows } = await pool.query<{ records: number }>(
    'select reltuples::float8 as records from pg_catalog.pg_class where oid = $1::regclass',
    [sourceSql(source)],
  )
  return Math.max(0, rows[0]?.records ?? 0)
}

async function finish(pool: pg.Pool, geometry: GeometryStrategy, isTable: boolean): Promise<void> {
  const key = `create unique index on ivoa.${NEXT_TABLES.records} (${KEY_COLUMNS.join(', ')})`
  const statements = [...(isTable ? [key] : []), ...indexStatements(NEXT_TABLES.records, geometry)]
  const create = (statement: string) =>
    inTransaction(pool, 'making an index', async (client) => {
      await useGeometry(client, geometry)
      await client.query("set local maintenance_work_mem = '256MB'")
      await client.query(statement)
    })
  // Two at a time: several indexes of one table can be made at once.
  const queue = statements.values()
  const work = async () => {
    for (const statement of queue) await create(statement)
  }
  await Promise.all([work(), work()])
  if (isTable) await declareKey(pool)
  await copyGrants(pool)
  await pool.query(`analyze ivoa.${NEXT_TABLES.records}`)
}

/** A key can only be declared while nobody else works on the table. */
async function declareKey(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `select c.relname::text as name
       from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
      where i.indrelid = $1::regclass and i.indisunique`,
    [`ivoa.${NEXT_TABLES.records}`],
  )
  const [index] = rows
  if (index === undefined) throw new ObscoreNotReadyError('an index of the new table was dropped: run rebuild again')
  await pool.query(`alter table ivoa.${NEXT_TABLES.records} add primary key using index ${quote(index.name)}`)
}

/** Who may read the live table may read the new one. */
async function copyGrants(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ table: string; role: string }>(
    `select c.relname::text as table, case when a.grantee = 0 then 'public' else quote_ident(r.rolname) end as role
       from pg_catalog.pg_class c
      cross join lateral pg_catalog.aclexplode(c.relacl) as a
       left join pg_catalog.pg_roles r on r.oid = a.grantee
      where c.oid = any (array[pg_catalog.to_regclass($1), pg_catalog.to_regclass($2)])
        and a.privilege_type = 'SELECT' and a.grantee <> c.relowner`,
    [`ivoa.${LIVE_TABLES.records}`, `ivoa.${LIVE_TABLES.rejects}`],
  )
  for (const { table, role } of rows) await pool.query(`grant select on ivoa.${quote(`${table}_next`)} to ${role}`)
}

/** Below so many notes, the rest is done while the source is locked. */
const FEW = 500

/** Works off what was noted, then makes writers write to both pairs of tables. */
async function catchUp(
  pool: pg.Pool,
  mapping: ObscoreMapping,
  identity: string,
  deadlineMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let count = Number.POSITIVE_INFINITY; count > FEW; ) {
    signal?.throwIfAborted()
    count = await inTransaction(pool, 'catching up', (client) => drainTouched(client, mapping, identity))
  }
  await withTableLocks(pool, 'catching up', mapping.source, { deadlineMs }, async (client) => {
    while ((await drainTouched(client, mapping, identity)) > 0);
    await setRebuildTriggers(client, mapping.source, identity, 'write')
  })
}

async function countRows(pool: pg.Pool): Promise<{ rows: number; rejects: number }> {
  const { rows } = await pool.query<{ rows: string; rejects: string }>(
    `select (select count(*) from ivoa.obscore) as rows, (select count(*) from ivoa.obscore_reject) as rejects`,
  )
  return { rows: Number(rows[0]?.rows), rejects: Number(rows[0]?.rejects) }
}

async function cleanUp(pool: pg.Pool, mapping: ObscoreMapping, deadlineMs: number): Promise<void> {
  await withTableLocks(pool, 'ending a rebuild', mapping.source, { deadlineMs }, async (client, { isTable }) => {
    if (isTable) await disableRebuildTriggers(client, mapping.source)
    await client.query(`drop table if exists ivoa.${NEXT_TABLES.records}, ivoa.${NEXT_TABLES.rejects}`)
  })
}
