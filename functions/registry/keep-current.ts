import { formatProblem } from '../../shared/problem.ts'
import { type Refreshed, type RegistrySources, refreshRegistry } from '../../shared/registry/state/refresh-registry.ts'
import type { RegistryDependencies, RegistryOptions } from './dependencies.ts'

/** Keeps the records in step with the environment and with what is live. */
export interface RecordKeeper {
  /**
   * Refreshes them, unless that was done a moment ago; two callers share one refresh.
   *
   * @throws DatabaseError, MissingRoleError, NotInitialisedError
   */
  keepCurrent(): Promise<RegistrySources>
  /** The same, whatever was done a moment ago. */
  refresh(): Promise<Refreshed>
}

export function createRecordKeeper(
  { openSources }: RegistryDependencies,
  { logger, lifetimeMs = 3_000, silentLifetimeMs = 30_000 }: RegistryOptions,
): RecordKeeper {
  /** Of this environment: an instance serves one for its whole life. */
  const deployed = new Date()
  let isCompared = false
  let until = Number.NEGATIVE_INFINITY
  let running: Promise<Refreshed> | undefined
  const report = createReporter(logger)
  const run = async () => {
    // The first time everything is compared: a new version may write records in another way.
    const refreshed = await refreshRegistry(await openSources(), { deployed, thorough: !isCompared })
    isCompared ||= refreshed.outcome === 'compared'
    until = performance.now() + (refreshed.silent.size > 0 ? silentLifetimeMs : lifetimeMs)
    report(refreshed)
    return refreshed
  }
  const refresh = () => {
    running ??= run().finally(() => {
      running = undefined
    })
    return running
  }
  return {
    refresh,
    async keepCurrent() {
      if (performance.now() >= until) await refresh()
      return openSources()
    },
  }
}

const SILENT = ' cannot be read: its records are kept as they are'

/** Says what was published, and once what is in the way. */
function createReporter(logger: RegistryOptions['logger']): (refreshed: Refreshed) => void {
  const said = new Set<string>()
  const once = (severity: 'warning' | 'error', message: string, fields: Readonly<Record<string, unknown>>) => {
    if (said.has(message)) return
    said.add(message)
    logger[severity](message, fields)
  }
  return ({ outcome, added, changed, deleted, foreign, held, problems, silent }) => {
    for (const [name, error] of silent) {
      once('warning', `${name}${SILENT}`, { error })
    }
    if (silent.size === 0) for (const message of said) if (message.endsWith(SILENT)) said.delete(message)
    if (outcome === 'outdated') {
      once('warning', 'a later deployment has published other records: those of this one are not', {})
    }
    if (outcome !== 'compared') return
    for (const problem of problems) {
      once(problem.severity, formatProblem(problem), { code: problem.code })
    }
    if (foreign.length > 0) {
      const advice = 'if another registry has them now, run almagest registry forget'
      once('warning', `records of an authority that is not ours any more are still published: ${advice}`, { foreign })
    }
    if (held.length > 0) logger.warning('records are held back, and kept as they were published before', { held })
    if (added.length + changed.length + deleted.length === 0) return
    logger.info('records of the registry have changed', { added, changed, deleted })
  }
}
