import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../local/postgres.ts'
import { readArchive } from '../shared/releases/archive.ts'
import { DEFAULT_LIMITS } from '../shared/releases/limits.ts'
import { DEPLOYED } from '../shared/tap-schema/options.ts'
import { prepareRows } from '../shared/tap-schema/prepare-rows.ts'
import { initialiseDatabase } from '../shared/tap-schema/roles.ts'
import { stageRelease } from '../shared/tap-schema/stage.ts'
import { percentile } from './measure.ts'

const ROOT = join(import.meta.dirname, '..')

/** Staging one release again and again in one process, and by the command as a process of its own. */
export async function benchStage(
  archive: Buffer,
  path: string,
  schemas: readonly string[],
  runs: number,
): Promise<Record<string, number>> {
  const server = await startPostgres({ stateDirectory: null })
  const pool = new pg.Pool({ connectionString: server.url })
  try {
    await initialiseDatabase(pool)
    const parts: Record<string, number[]> = { unpack: [], rows: [], 'whole stage': [] }
    const keep = (part: string, started: number) => parts[part]?.push(performance.now() - started)
    for (let run = 0; run < runs + 5; run++) {
      if (run === 5) for (const times of Object.values(parts)) times.length = 0
      const source = {
        bucket: 'bench',
        object: 'bench',
        generation: String(run + 1),
        sha256: '',
        bytes: archive.length,
      }
      const whole = performance.now()
      const files = await readArchive(archive, DEFAULT_LIMITS)
      keep('unpack', whole)
      const request = { version: `run-${run}`, files, schemas, source, options: DEPLOYED, readers: [], actor: 'bench' }
      await stageRelease(pool, { ...request, redelivery: 'restage' })
      keep('whole stage', whole)
      const computing = performance.now()
      prepareRows(request.version, request)
      keep('rows', computing)
    }
    const processes = Array.from({ length: Math.min(runs, 10) }, () => stageInProcess(server.url, path, schemas))
    const medians = Object.entries(parts).map(([part, times]) => [`${part}, median ms`, percentile(times, 0.5)])
    return {
      ...Object.fromEntries(medians),
      'whole stage, longest ms': percentile(parts['whole stage'] ?? [], 1),
      'as a process, median ms': percentile(processes, 0.5),
      'as a process, longest ms': percentile(processes, 1),
    }
  } finally {
    await pool.end()
    await server.stop()
  }
}

function stageInProcess(url: string, path: string, schemas: readonly string[]): number {
  const started = performance.now()
  const command = [join(ROOT, 'cli', 'almagest.js'), 'stage', '--database', url, '--version', 'bench']
  const run = spawnSync(process.execPath, [...command, '--schemas', schemas.join(','), path], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`almagest stage ended with ${run.status}: ${run.stderr}`)
  return performance.now() - started
}
