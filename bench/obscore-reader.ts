import { parentPort, workerData } from 'node:worker_threads'
import pg from 'pg'

export interface ReaderTask {
  readonly url: string
  /** How many rows every answer must count. */
  readonly expected: number
}

export interface ReaderReport {
  readonly queries: number
  readonly mixed: number
  readonly errors: number
}

const { url, expected }: ReaderTask = workerData
const client = new pg.Client({ connectionString: url })
await client.connect()
let stopped = false
parentPort?.once('message', () => {
  stopped = true
})
const report = { queries: 0, mixed: 0, errors: 0 }
while (!stopped) {
  try {
    const { rows } = await client.query(
      'select count(*)::int as count, count(distinct tableoid)::int as tables from (select tableoid from ivoa.obscore union all select tableoid from ivoa.obscore) as o',
    )
    report.queries += 1
    if (rows[0].count !== 2 * expected || rows[0].tables !== 1) report.mixed += 1
  } catch {
    report.errors += 1
  }
}
await client.end()
parentPort?.postMessage(report satisfies ReaderReport)
parentPort?.close()
