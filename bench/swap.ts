import { Worker } from 'node:worker_threads'
import pg from 'pg'
import { startPostgres } from '../local/postgres.ts'
import { DEPLOYED } from '../shared/tap-schema/options.ts'
import { initialiseDatabase } from '../shared/tap-schema/roles.ts'
import { rollback } from '../shared/tap-schema/rollback.ts'
import { stageRelease } from '../shared/tap-schema/stage.ts'
import { swap } from '../shared/tap-schema/swap.ts'
import { percentile } from './measure.ts'
import type { ReaderReport, ReaderTask } from './swap-reader.ts'

/**
 * Readers that join the tables all the time while live and previous change places again and again. A stall is what a
 * query took beyond the median; `pauseMs` null: no swaps at all, to see what the machine itself adds.
 */
export async function benchSwap(
  files: ReadonlyMap<string, string>,
  schemas: readonly string[],
  {
    seconds,
    readers,
    pauseMs,
  }: { readonly seconds: number; readonly readers: number; readonly pauseMs: number | null },
): Promise<Record<string, number>> {
  const server = await startPostgres({ stateDirectory: null })
  const pool = new pg.Pool({ connectionString: server.url })
  try {
    await initialiseDatabase(pool)
    for (const [generation, version] of ['old', 'new'].entries()) {
      const source = { bucket: 'bench', object: version, generation: String(generation + 1), sha256: '', bytes: 0 }
      const request = {
        version,
        files: marked(files, version),
        schemas,
        source,
        options: DEPLOYED,
        readers: [],
        actor: 'bench',
      }
      await stageRelease(pool, { ...request, redelivery: 'skip' })
      await swap(pool, { expectedVersion: version, actor: 'bench' })
    }
    const task: ReaderTask = { url: server.url, until: Date.now() + seconds * 1000 }
    const running = Array.from({ length: readers }, () => readIn(task))
    const swaps: number[] = []
    const attempts: number[] = []
    for (let turn = 0; pauseMs !== null && Date.now() < task.until - 1000; turn++) {
      const outcome = await rollback(pool, { expectedVersion: turn % 2 === 0 ? 'old' : 'new', actor: 'bench' })
      swaps.push(outcome.durationMs)
      attempts.push(outcome.attempts)
      await new Promise((done) => setTimeout(done, pauseMs))
    }
    const reports = await Promise.all(running)
    const latencies = reports.flatMap((report) => report.latencies)
    const median = percentile(latencies, 0.5)
    return {
      readers,
      seconds,
      queries: latencies.length,
      swaps: swaps.length,
      'attempts, mean': attempts.reduce((sum, count) => sum + count, 0) / attempts.length,
      'mixed answers': sum(reports, 'mixed'),
      errors: sum(reports, 'errors'),
      'swap, median ms': percentile(swaps, 0.5),
      'swap, longest ms': percentile(swaps, 1),
      'reader, median ms': median,
      'reader stall, p99 ms': percentile(latencies, 0.99) - median,
      'reader stall, longest ms': percentile(latencies, 1) - median,
    }
  } finally {
    await pool.end()
    await server.stop()
  }
}

/** The version shows in every table that the readers join, so that a mixture of two releases is seen. */
function marked(files: ReadonlyMap<string, string>, version: string): ReadonlyMap<string, string> {
  return new Map(
    [...files].map(([name, text]) => [
      name,
      text.replace(/^name: (\S+)/m, (_line, schema) => `name: ${schema}_${version}`),
    ]),
  )
}

function sum(reports: readonly ReaderReport[], field: 'mixed' | 'errors'): number {
  return reports.reduce((total, report) => total + report[field], 0)
}

function readIn(task: ReaderTask): Promise<ReaderReport> {
  return new Promise((done, fail) => {
    const worker = new Worker(new URL('./swap-reader.ts', import.meta.url), { workerData: task })
    worker.once('message', done).once('error', fail)
  })
}
