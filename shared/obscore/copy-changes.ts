import type pg from 'pg'
import { quote } from '../tap-schema/slots.ts'
import { BATCH_ROWS, type CopiedDocuments, findDocuments } from './copy-documents.ts'
import { copyDifferent, selectChecksums } from './document-rows.ts'
import { ObscoreNotReadyError, ObscoreSourceError } from './failures.ts'
import { rangeCondition } from './key-ranges.ts'
import type { ObscoreSource } from './mapping.ts'
import { sourceSql } from './source.ts'

/** How far the clocks of those who write may be behind that of the database. */
const CLOCKS_DIFFER_BY_MS = 15 * 60_000

export interface Changes {
  /** The column with the time of the last change of a row, which its writer sets before it commits. */
  readonly column: string
  /** What {@link readWatermark} gave before the last reading. */
  readonly since: string
  readonly clocksDifferByMs?: number
}

/**
 * The time before which every change is committed and can be read from now on: when the oldest transaction that is open
 * began. Read it before the changes; the next reading begins there.
 *
 * @returns ISO 8601, UTC, to the microsecond
 * @throws ObscoreNotReadyError where the open transactions cannot be seen
 */
export async function readWatermark(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ seen: boolean; standby: boolean; oldest: string }>(
    `select pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'usage') as seen,
            pg_catalog.pg_is_in_recovery() as standby,
            to_char(least(clock_timestamp(),
                          (select min(xact_start) from pg_catalog.pg_stat_activity
                            where datname = current_database() and pid <> pg_catalog.pg_backend_pid()),
                          (select min(prepared) from pg_catalog.pg_prepared_xacts where database = current_database()))
                    at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as oldest`,
  )
  const [found] = rows
  if (found === undefined || found.standby) {
    throw new ObscoreNotReadyError(
      'the documents are read from a standby, which does not know the transactions of its primary: read from the primary, or compare everything each time (without --changed)',
    )
  }
  if (!found.seen) {
    throw new ObscoreNotReadyError(
      'the login cannot see the transactions of others: grant it pg_read_all_stats, or compare everything each time (without --changed)',
    )
  }
  return found.oldest
}

/**
 * Copies the documents that may have changed since a watermark. What was deleted is not seen: only a comparison of
 * everything finds that.
 *
 * @throws ObscoreSourceError, DatabaseError
 */
export async function copyChanges(
  from: pg.Pool,
  to: pg.Pool,
  source: ObscoreSource,
  { column, since, clocksDifferByMs = CLOCKS_DIFFER_BY_MS }: Changes,
  batchRows = BATCH_ROWS,
): Promise<CopiedDocuments> {
  const document = await findDocuments(from, to, source)
  const time = await timeSql(from, source, column)
  const total = { compared: 0, written: 0, deleted: 0 }
  for (let after: readonly string[] | null = null; ; ) {
    const range = rangeCondition('d', source.key, { after, upTo: null })
    const values = [...range.values, since, clocksDifferByMs]
    const earliest = `$${values.length - 1}::timestamptz - $${values.length}::float8 * interval '1 millisecond'`
    const wanted = await selectChecksums(
      from,
      source,
      document,
      `where ${range.sql} and coalesce(${time} >= ${earliest}, true)
       order by ${source.key.map((name) => `d.${quote(name)}`).join(', ')} limit ${batchRows}`,
      values,
    )
    total.compared += wanted.size
    total.written += await copyDifferent(from, to, source, document, wanted)
    if (wanted.size < batchRows) return total
    after = [...wanted.values()].at(-1)?.key ?? null
  }
}

/** Times without a zone are UTC, as Rucio writes them. */
async function timeSql(pool: pg.Pool, source: ObscoreSource, column: string): Promise<string> {
  const { rows } = await pool.query<{ type: string }>(
    `select atttypid::regtype::text as type from pg_catalog.pg_attribute
      where attrelid = $1::regclass and attname = $2 and not attisdropped`,
    [sourceSql(source), column],
  )
  const type = rows[0]?.type ?? ''
  if (type === 'timestamp with time zone') return `d.${quote(column)}`
  if (type === 'timestamp without time zone') return `d.${quote(column)} at time zone 'UTC'`
  const complaint = `has no column ${JSON.stringify(column)} with times (--changed)`
  throw new ObscoreSourceError(`${source.schema}.${source.table}`, complaint)
}
