import type pg from 'pg'
import { LOCK_CLASS } from '../tap-schema/sessions-in-the-way.ts'
import { CLEAR_TRIGGER, TRIGGER } from './install.ts'
import { identityOf, type ObscoreMapping } from './mapping.ts'
import { sourceSql } from './source.ts'
import { readState, requireTables } from './state.ts'
import { REBUILD_LOCK, REBUILD_TRIGGER } from './touched.ts'

/** Documents that have the same thing wrong with them. */
export interface RejectGroup {
  /** null: the whole document. */
  readonly column: string | null
  readonly code: string
  readonly count: number
  /** Of those, the ones without a row. */
  readonly withoutRow: number
  readonly examples: readonly string[]
}

export interface ObscoreStatus {
  readonly installed: boolean
  /** Of the mapping of the environment. */
  readonly identity: string
  /** Of the mapping by which the rows were made; null: none were. */
  readonly builtIdentity: string | null
  readonly builtAt: Date | null
  readonly trigger: 'on' | 'off' | 'missing'
  /** `interrupted`: triggers of a rebuild are there, and no rebuild is under way. */
  readonly rebuild: 'none' | 'under way' | 'interrupted'
  readonly rows: number
  readonly rejects: readonly RejectGroup[]
  /** When the reasons of a document changed last. */
  readonly lastReject: Date | null
}

/**
 * What there is, and what is wrong with documents, the most frequent first.
 *
 * @throws ObscoreNotReadyError, DatabaseError
 */
export async function readObscoreStatus(pool: pg.Pool, mapping: ObscoreMapping): Promise<ObscoreStatus> {
  const identity = identityOf(mapping)
  const state = await readState(pool)
  if (state === null) {
    const nothing = { builtIdentity: null, builtAt: null, rows: 0, rejects: [], lastReject: null }
    return { installed: false, identity, trigger: 'missing', rebuild: 'none', ...nothing }
  }
  await requireTables(pool)
  const counts = await pool.query<{ rows: string; last: Date | null }>(
    'select (select count(*) from ivoa.obscore) as rows, (select max(at) from ivoa.obscore_reject) as last',
  )
  return {
    installed: true,
    identity,
    builtIdentity: state.builtIdentity,
    builtAt: state.builtAt,
    ...(await readTriggers(pool, mapping)),
    rows: Number(counts.rows[0]?.rows),
    rejects: await readRejects(pool),
    lastReject: counts.rows[0]?.last ?? null,
  }
}

async function readTriggers(
  pool: pg.Pool,
  { source }: ObscoreMapping,
): Promise<Pick<ObscoreStatus, 'trigger' | 'rebuild'>> {
  const { rows } = await pool.query<{ name: string; enabled: string; locked: boolean }>(
    `select tgname::text as name, tgenabled::text as enabled,
            exists (select from pg_catalog.pg_locks where locktype = 'advisory' and classid = ${LOCK_CLASS} and objid = ${REBUILD_LOCK}
                       and database = (select oid from pg_catalog.pg_database where datname = current_database())) as locked
       from pg_catalog.pg_trigger
      where tgrelid = pg_catalog.to_regclass($1) and tgname = any ($2)`,
    [sourceSql(source), [TRIGGER, CLEAR_TRIGGER, REBUILD_TRIGGER]],
  )
  const enabled = (name: string) => rows.find((row) => row.name === name)?.enabled
  const own = [enabled(TRIGGER), enabled(CLEAR_TRIGGER)]
  const isRebuilding = (enabled(REBUILD_TRIGGER) ?? 'D') !== 'D'
  const trigger = own.includes(undefined) ? 'missing' : own.every((state) => state === 'A') ? 'on' : 'off'
  return { trigger, rebuild: !isRebuilding ? 'none' : rows[0]?.locked === true ? 'under way' : 'interrupted' }
}

async function readRejects(pool: pg.Pool): Promise<readonly RejectGroup[]> {
  const { rows } = await pool.query<{
    column: string | null
    code: string
    count: string
    without: string
    examples: string[]
  }>(
    `select reason ->> 'column' as "column", reason ->> 'code' as code, count(*) as count,
            count(*) filter (where not kept) as without,
            (array_agg(scope || ':' || name order by at desc))[1:3] as examples
       from ivoa.obscore_reject, jsonb_array_elements(reasons) as reason
      group by 1, 2 order by count(*) desc, 1, 2`,
  )
  return rows.map(({ column, code, count, without, examples }) => ({
    ...{ column, code, examples },
    count: Number(count),
    withoutRow: Number(without),
  }))
}
