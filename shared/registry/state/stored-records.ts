import type pg from 'pg'
import { Failure } from '../../failure.ts'
import { dateMetadata } from '../oai/formats.ts'
import type { Prefix } from '../oai/selection.ts'
import type { DateRange, OaiRecord, RecordSource } from '../oai/source.ts'
import { withRecords } from './transaction.ts'

/**
 * Answers a harvester from one state of the records. `now` is the database's time of that state: what changes later has
 * this date or a later one, so that a harvest from `now` on misses nothing.
 *
 * @throws NoRecordsError, and what `withRecords` throws
 */
export function readRecords<T>(pool: pg.Pool, work: (source: RecordSource, now: Date) => Promise<T>): Promise<T> {
  return withRecords(pool, 'reading the records of the registry', 'read', async (client) => {
    const { rows } = await client.query<{ now: Date; earliest: Date | null }>(
      `select date_trunc('second', clock_timestamp()) as now,
              (select min(updated) from almagest.registry_record) as earliest`,
    )
    const [{ now, earliest } = { now: new Date(), earliest: null }] = rows
    if (earliest === null) throw new NoRecordsError()
    return work(storedRecords(client, earliest), now)
  })
}

/** Nothing has been published yet: the records could not be made, or all of them are wrong. */
export class NoRecordsError extends Failure {
  constructor() {
    const advice = 'the log says what is wrong with the environment file, as `almagest registry validate` does'
    super('unprepared', 'no_records', `the registry has no records yet: ${advice}`)
  }
}

const COLUMNS: Readonly<Record<Prefix, string>> = { ivo_vor: 'document', oai_dc: 'dublin_core' }

interface Row {
  readonly spelling: string
  readonly updated: Date
  readonly deleted: boolean
  readonly metadata: string | null
}

function storedRecords(client: pg.PoolClient, earliest: Date): RecordSource {
  return {
    earliest: async () => earliest,
    async find(ivoid, prefix) {
      const column = prefix === null ? 'null::text' : COLUMNS[prefix]
      const { rows } = await client.query<Row>(
        `select spelling, updated, deleted, ${column} as metadata
           from almagest.registry_record
          where ivoid = $1`,
        [ivoid.toLowerCase()],
      )
      return rows[0] && present(rows[0], prefix)
    },
    async count(range) {
      const { rows } = await client.query<{ count: number }>(
        `select count(*)::int as count
           from almagest.registry_record
          where ($1::timestamptz is null or updated >= $1) and ($2::timestamptz is null or updated <= $2)`,
        boundsOf(range),
      )
      return rows[0]?.count ?? 0
    },
    async page({ range, after, prefix, limits }) {
      const column = prefix === null ? 'null::text' : COLUMNS[prefix]
      // One more than a page has, to know whether there is another. Sizes are known without reading the texts.
      const { rows } = await client.query<Row & { readonly found: number }>(
        `select spelling, updated, deleted, metadata, found
           from (select spelling, updated, deleted, metadata,
                        row_number() over upto as number,
                        sum(octet_length(metadata)) over upto as bytes,
                        (count(*) over ())::int as found
                   from (select ivoid, spelling, updated, deleted, ${column} as metadata
                           from almagest.registry_record
                          where ($1::timestamptz is null or updated >= $1)
                            and ($2::timestamptz is null or updated <= $2)
                            and ($3::timestamptz is null or (updated, ivoid) > ($3, $4))
                          order by updated, ivoid
                          limit $5 + 1) as following
                 window upto as (order by updated, ivoid)) as counted
          where number = 1 or (number <= $5 and coalesce(bytes, 0) <= $6)
          order by number`,
        [...boundsOf(range), after?.updated.toISOString(), after?.ivoid.toLowerCase(), limits.records, limits.bytes],
      )
      return {
        records: rows.map((row) => present(row, prefix)),
        isLast: rows.length === (rows[0]?.found ?? 0),
      }
    },
  }
}

function boundsOf({ from, until }: DateRange): [from: string | undefined, until: string | undefined] {
  return [from?.toISOString(), until?.toISOString()]
}

function present({ spelling, updated, deleted, metadata }: Row, prefix: Prefix | null): OaiRecord {
  const dated = metadata === null || prefix === null ? null : dateMetadata(prefix, metadata, updated)
  return { ivoid: spelling, updated, deleted, metadata: dated }
}
