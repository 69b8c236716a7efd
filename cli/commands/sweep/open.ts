import { loadEnvironment } from '../../../shared/deployment/environment-file.ts'
import { openResults } from '../../../shared/deployment/results-connections.ts'
import { EnvironmentError } from '../../../shared/environment/environment-error.ts'
import type { SweepMode } from '../../../shared/environment/results.ts'
import { createLogger } from '../../../shared/platform/log/log.ts'
import { type DestroyReport, destroyJob } from '../../../shared/results/delete/destroy-job.ts'
import type { SweepReport } from '../../../shared/results/sweep/report.ts'
import { sweepResults } from '../../../shared/results/sweep/sweep.ts'
import { isDebugging } from '../../terminal/debugging.ts'
import { INTERRUPTED } from '../../terminal/exit-codes.ts'
import { writeError, writeNote } from '../../terminal/output.ts'
import { showSweep } from './show-progress.ts'

export interface SweepAccess {
  run(request: { readonly mode: SweepMode; readonly allowPercent: number | undefined }): Promise<SweepReport>
  destroy(request: { readonly job: string; readonly mode: SweepMode }): Promise<DestroyReport>
  close(): Promise<void>
}

/** The same sweep as the function's, with the environment's own bucket and job table. Throws EnvironmentError. */
export async function openSweep(file: string | undefined): Promise<SweepAccess> {
  const minimum = isDebugging() ? 'DEBUG' : 'ERROR'
  const logger = createLogger({ format: 'text', minimum, write: (line) => writeError(`${line}\n`) })
  const path = file ?? process.env.ALMAGEST_ENVIRONMENT
  if (path === undefined) {
    throw new EnvironmentError('no environment file is named: give --environment, or set ALMAGEST_ENVIRONMENT')
  }
  const environment = await loadEnvironment(logger, path)
  const results = openResults(environment, { applicationName: 'almagest sweep', logger })
  return {
    async run(request) {
      const stop = pauseOnInterrupt()
      const progress = showSweep()
      try {
        const parts = { ...results, logger, onProgress: progress.update }
        return await sweepResults(results.config, parts, { ...request, timeBudgetMs: null, signal: stop.signal })
      } finally {
        progress.end()
        stop.end()
      }
    },
    destroy: (request) => destroyJob(results.config, { ...results, logger }, request),
    close: results.close,
  }
}

/** The first Ctrl-C lets what is under way finish and saves the position, the second one ends at once. */
function pauseOnInterrupt(): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED)
    writeNote('finishing what is under way; Ctrl-C again ends at once')
    controller.abort()
  }
  process.on('SIGINT', interrupt)
  return { signal: controller.signal, end: () => void process.off('SIGINT', interrupt) }
}
