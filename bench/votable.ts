import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../local/postgres.ts'
import { SELECT, tableSql } from './votable-table.ts'

const PROCESS = join(import.meta.dirname, 'votable-process.ts')

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
    const toNowhere = async () => {
      const started = performance.now()
      await client.query(`copy (${SELECT}) to '/dev/null' (format binary)`)
      return (performance.now() - started) / 1000
    }
    await toNowhere()
    const limit = rows / Math.min(await toNowhere(), await toNowhere())
    const header = ['', 'rows per s', 'of the limit', 'first byte ms', 'peak memory MiB', 'bytes per row', 'CPU s']
    const lines = ['unread', 'votable', 'votable/td', 'csv', 'tsv', 'parquet'].map((format) => {
      const runs = Array.from({ length: 3 }, () => run(server.url, format))
      const best = runs.reduce((a, b) => (a.seconds < b.seconds ? a : b))
      const rate = rows / best.seconds
      return [
        format,
        String(Math.round(rate)),
        (rate / limit).toFixed(2),
        best.firstByteMs.toFixed(1),
        Math.max(...runs.map(({ peakMiB }) => peakMiB)).toFixed(0),
        (best.bytes / rows).toFixed(0),
        best.cpuSeconds.toFixed(2),
      ]
    })
    return [header, ['copy to nowhere', String(Math.round(limit)), '1.00', '', '', '', ''], ...lines]
  } finally {
    await client.end()
    await server.stop()
  }
}

function run(url: string, format: string): Figures {
  const child = spawnSync(process.execPath, [PROCESS, url, format], { encoding: 'utf8' })
  if (child.status !== 0) throw new Error(child.stderr)
  return JSON.parse(child.stdout)
}
