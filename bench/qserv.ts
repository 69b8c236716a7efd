import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { startQserv } from '../local/qserv/server.ts'
import { QservClient } from '../shared/qserv/client.ts'
import { generateResult } from './qserv-table.ts'

const PROCESS = join(import.meta.dirname, 'qserv-process.ts')
const ROUNDS = 3
const FORMATS = ['unread', 'votable', 'csv', 'parquet']

interface Figures {
  readonly rows: number
  readonly bytes: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakMiB: number
}

/** Results of Qserv in its JSON, over HTTP, to documents; "unread" are rows that nobody writes. */
export async function benchQserv(rows: number): Promise<readonly (readonly string[])[]> {
  // Everything is made up: the pool is never asked.
  const qserv = await startQserv({ pool: new pg.Pool({ max: 1 }) })
  try {
    const client = new QservClient({
      ...{ url: qserv.url, sendVersion: true, maxConnections: 15, keepAliveMs: 4_000, connectMs: 5_000 },
    })
    qserv.queries.script = { generated: generateResult(rows) }
    const id = await client.submit('SELECT * FROM object')
    const lines: string[][] = []
    for (const format of FORMATS) {
      const runs: Figures[] = []
      for (let round = 0; round < ROUNDS; round++) runs.push(await run(qserv.url, id, format))
      lines.push([format, ...describe(runs, rows)])
    }
    client.close()
    return [['', 'rows per s', 'peak memory MiB', 'bytes per row', 'CPU s'], ...lines]
  } finally {
    await qserv.stop()
  }
}

function describe(runs: readonly Figures[], rows: number): string[] {
  const least = (of: (figures: Figures) => number) => Math.min(...runs.map(of))
  return [
    String(Math.round(rows / least(({ seconds }) => seconds))),
    Math.max(...runs.map(({ peakMiB }) => peakMiB)).toFixed(0),
    (least(({ bytes }) => bytes) / rows).toFixed(0),
    least(({ cpuSeconds }) => cpuSeconds).toFixed(2),
  ]
}

async function run(url: string, id: string, format: string): Promise<Figures> {
  const child = spawn(process.execPath, [PROCESS, url, id, format], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return JSON.parse(output)
}
