import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../local/postgres.ts'
import { SELECT, tableSql } from './votable-table.ts'

const PROCESS = join(import.meta.dirname, 'votable-process.ts')

const ROUNDS = 3
/** "unread": the bytes of COPY are received and thrown away. */
const FORMATS = ['unread', 'votable', 'votable/td', 'csv', 'tsv', 'parquet']

interface Figures {
  readonly rows: number
  readonly bytes: number
  readonly firstByteMs: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakMiB: number
}

/** A result of 20 columns in every format, beside what PostgreSQL needs to send it to nobody. */
export async function benchVotable(rows: number): Promise<readonly (readonly string[])[]> {
  const server = await startPostgres({ stateDirectory: null })
  const client = new pg.Client({ connectionString: server.url })
  try {
    await client.connect()
    await client.query(tableSql(rows))
    await client.query('vacuum analyze object')
    const nowhere: number[] = []
    const runs = new Map<string, Figures[]>(FORMATS.map((format) => [format, []]))
    // In turn, so that what else the machine does is the same for all.
    for (let round = 0; round < ROUNDS; round++) {
      const started = performance.now()
      await client.query(`copy (${SELECT}) to '/dev/null' (format binary)`)
      nowhere.push((performance.now() - started) / 1000)
      for (const format of FORMATS) runs.get(format)?.push(run(server.url, format))
    }
    const limit = rows / Math.min(...nowhere)
    return [
      ['', 'rows per s', 'of the limit', 'first byte ms', 'peak memory MiB', 'bytes per row', 'CPU s'],
      ['copy to nowhere', String(Math.round(limit)), '1.00', '', '', '', ''],
      ...FORMATS.map((format) => [format, ...describe(runs.get(format) ?? [], rows, limit)]),
    ]
  } finally {
    await client.end()
    await server.stop()
  }
}

/** The fastest run, with the memory of the largest. */
function describe(runs: readonly Figures[], rows: number, limit: number): string[] {
  const least = (of: (figures: Figures) => number) => Math.min(...runs.map(of))
  const rate = rows / least(({ seconds }) => seconds)
  return [
    String(Math.round(rate)),
    (rate / limit).toFixed(2),
    least(({ firstByteMs }) => firstByteMs).toFixed(1),
    Math.max(...runs.map(({ peakMiB }) => peakMiB)).toFixed(0),
    (least(({ bytes }) => bytes) / rows).toFixed(0),
    least(({ cpuSeconds }) => cpuSeconds).toFixed(2),
  ]
}

function run(url: string, format: string): Figures {
  const child = spawnSync(process.execPath, [PROCESS, url, format], { encoding: 'utf8' })
  if (child.status !== 0) throw new Error(child.stderr)
  return JSON.parse(child.stdout)
}
