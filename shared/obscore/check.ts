import type pg from 'pg'
import { quote } from '../tap-schema/slots.ts'
import { inTransaction } from '../tap-schema/transaction.ts'
import { buildSchemaOf, keySql } from './build-functions.ts'
import { OBSCORE_COLUMNS } from './columns.ts'
import { ObscoreNotReadyError } from './failures.ts'
import { convertedSql } from './fill.ts'
import { keyRanges, rangeCondition } from './key-ranges.ts'
import { identityOf, type ObscoreMapping } from './mapping.ts'
import { findSource, sourceSql } from './source.ts'
import { readState, requireTables } from './state.ts'

export interface DifferentRecord {
  readonly scope: string
  readonly name: string
  /** `missing`: has no row though it should; `extra`: has one, or reasons, though it should not; `different`: has another one. */
  readonly what: 'missing' | 'extra' | 'different' | 'reasons'
}

export interface ObscoreCheck {
  readonly identity: string
  /** Whether the rows were made by this mapping. */
  readonly isCurrent: boolean
  readonly records: number
  readonly published: number
  readonly rows: number
  readonly rejects: number
  readonly differences: number
  /** The first of them. */
  readonly samples: readonly DifferentRecord[]
}

export interface CheckOptions {
  readonly batchRows?: number
  readonly onProgress?: (records: number) => void
}

const MOST_SAMPLES = 20

/**
 * Computes anew what every record comes to, and compares that with the tables. Each part of the source is read together with
 * its rows in one statement, so that writers may go on.
 *
 * @throws ObscoreNotReadyError, ObscoreSourceError, DatabaseError
 */
export async function checkObscore(
  pool: pg.Pool,
  mapping: ObscoreMapping,
  { batchRows = 5_000, onProgress }: CheckOptions = {},
): Promise<ObscoreCheck> {
  const identity = identityOf(mapping)
  const state = await readState(pool)
  if (state === null)
    throw new ObscoreNotReadyError('the database has no ObsCore table: run `almagest obscore init` on it')
  await requireTables(pool)
  if (!(await hasBuild(pool, identity))) {
    throw new ObscoreNotReadyError('the mapping is not in the database yet: run `almagest obscore init` and `rebuild`')
  }
  const { isTable } = await inTransaction(pool, 'looking at the source', (client) => findSource(client, mapping.source))
  const total = { records: 0, published: 0, differences: 0 }
  const samples: DifferentRecord[] = []
  const note = (part: PartRow) => {
    total.records += Number(part.records ?? 0)
    total.published += Number(part.published ?? 0)
    total.differences += Number(part.differences)
    samples.push(...(part.samples ?? []).slice(0, MOST_SAMPLES - samples.length))
    onProgress?.(total.records)
  }
  if (!isTable) note(await comparePart(pool, mapping, identity, { sql: 'true', values: [] }))
  else {
    for await (const range of keyRanges(pool, mapping.source, batchRows)) {
      note(await comparePart(pool, mapping, identity, rangeCondition('d', mapping.source.key, range)))
    }
  }
  for (const [table, scope, name] of TABLES) note(await findExtra(pool, mapping, table, scope, name))
  const { rows } = await pool.query<{ rows: string; rejects: string }>(
    'select (select count(*) from ivoa.obscore) as rows, (select count(*) from ivoa.obscore_reject) as rejects',
  )
  return {
    identity,
    isCurrent: state.builtIdentity === identity,
    ...total,
    rows: Number(rows[0]?.rows),
    rejects: Number(rows[0]?.rejects),
    samples,
  }
}

const TABLES = [
  ['obscore', 'rucio_did_scope', 'rucio_did_name'],
  ['obscore_reject', 'scope', 'name'],
] as const

async function hasBuild(pool: pg.Pool, identity: string): Promise<boolean> {
  const { rows } = await pool.query<{ there: boolean }>('select pg_catalog.to_regnamespace($1) is not null as there', [
    buildSchemaOf(identity),
  ])
  return rows[0]?.there === true
}

interface PartRow {
  readonly records?: string
  readonly published?: string
  readonly differences: string
  readonly samples: readonly DifferentRecord[] | null
}

async function comparePart(
  pool: pg.Pool,
  mapping: ObscoreMapping,
  identity: string,
  selection: Parameters<typeof convertedSql>[2],
): Promise<PartRow> {
  const fieldsOf = (row: string) =>
    `row(${OBSCORE_COLUMNS.map(({ name }) => `${row}.${name}`).join(', ')})::${quote(buildSchemaOf(identity))}.fields`
  const statement = `with wanted as materialized (${convertedSql(mapping, identity, selection)}
), compared as (
  select w.key_scope, w.key_name, w.kept,
         case when w.kept and l.rucio_did_scope is null then 'missing'
              when not w.kept and l.rucio_did_scope is not null then 'extra'
              when w.kept and (${fieldsOf('w')} operator(pg_catalog.*<>) ${fieldsOf('l')}
                               or w.s_region_geo::text is distinct from l.s_region_geo::text) then 'different'
              when w.reasons is distinct from r.reasons or r.kept <> w.kept then 'reasons' end as what
    from wanted as w
    left join ivoa.obscore as l on l.rucio_did_scope = w.key_scope and l.rucio_did_name = w.key_name
    left join ivoa.obscore_reject as r on r.scope = w.key_scope and r.name = w.key_name
)
select count(*) as records, count(*) filter (where kept) as published, count(what) as differences,
       (select jsonb_agg(s) from (select key_scope as scope, key_name as name, what from compared
                                   where what is not null limit ${MOST_SAMPLES}) as s) as samples
  from compared`
  const { rows } = await inTransaction(pool, 'comparing', (client) =>
    client.query<PartRow>(statement, [...selection.values]),
  )
  return rows[0] ?? { differences: '0', samples: null }
}

/** Rows whose record is gone. */
async function findExtra(
  pool: pg.Pool,
  { source }: ObscoreMapping,
  table: string,
  scope: string,
  name: string,
): Promise<PartRow> {
  const [ofScope, ofName] = keySql('d', source)
  const { rows } = await pool.query<PartRow>(
    `with extra as (
  select l.${scope} as scope, l.${name} as name
    from ivoa.${table} as l
   where not exists (select from ${sourceSql(source)} as d where ${ofScope} = l.${scope} and ${ofName} = l.${name})
)
select count(*) as differences,
       (select jsonb_agg(s) from (select scope, name, 'extra' as what from extra limit ${MOST_SAMPLES}) as s) as samples
  from extra`,
  )
  return rows[0] ?? { differences: '0', samples: null }
}
