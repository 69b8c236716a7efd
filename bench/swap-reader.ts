import { parentPort, workerData } from 'node:worker_threads'
import pg from 'pg'

export interface ReaderTask {
  readonly url: string
  /** Milliseconds since 1970. */
  readonly until: number
}

export interface ReaderReport {
  readonly latencies: readonly number[]
  readonly mixed: number
  readonly errors: number
}

/** A TAP client's metadata query: all five tables and the version, joined. */
const JOIN = `
select v.version, s.schema_name, t.table_name, c.column_name, k.key_id
  from tap_schema.versions v
 cross join tap_schema.schemas11 s
  join tap_schema.tables11 t on t.schema_name = s.schema_name
  join tap_schema.columns11 c on c.table_name = t.table_name
  left join tap_schema.keys11 k on k.from_table = t.table_name
  left join tap_schema.key_columns11 kc on kc.key_id = k.key_id
 where s.schema_index = 1
 order by t.table_name, c.column_name
 limit 50`

const { url, until }: ReaderTask = workerData
const client = new pg.Client({ connectionString: url })
await client.connect()
const latencies: number[] = []
let mixed = 0
let errors = 0
while (Date.now() < until) {
  const started = performance.now()
  try {
    const { rows } = await client.query(JOIN)
    latencies.push(performance.now() - started)
    const [first] = rows
    const whole =
      rows.length > 0 &&
      rows.every((row) => row.version === first.version && row.schema_name.endsWith(`_${row.version}`))
    if (!whole) mixed += 1
  } catch {
    errors += 1
  }
}
await client.end()
const report: ReaderReport = { latencies, mixed, errors }
parentPort?.postMessage(report)
