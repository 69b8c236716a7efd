import type pg from 'pg'
import { loadEnvironment } from '../../../shared/deployment/environment-file.ts'
import { connectAddress } from '../../../shared/deployment/server-connections.ts'
import type { Environment } from '../../../shared/environment/environment.ts'
import type { TapJobs } from '../../../shared/environment/tap-jobs.ts'
import { nearMiss } from '../../../shared/near-miss.ts'
import { endOnInterrupt } from '../../terminal/interrupt.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import { openLogger } from '../publish/open-location.ts'

/** Does something in the jobs database of one server, or of each one that has jobs. */
export async function onJobDatabases<T>(
  file: string,
  wanted: string | undefined,
  work: (pool: pg.Pool, server: string) => Promise<T>,
): Promise<readonly T[]> {
  endOnInterrupt()
  const logger = openLogger()
  const environment = await loadEnvironment(logger, file)
  const done: T[] = []
  for (const [server, { database }] of jobsOf(environment, wanted)) {
    const { pool, close } = await connectAddress(environment, database, { applicationName: 'almagest', logger })
    try {
      done.push(await work(pool, server))
    } finally {
      await close()
    }
  }
  return done
}

/** @throws UsageError when no server has jobs, or not the one that is wanted */
function jobsOf({ servers, file }: Environment, wanted: string | undefined): readonly (readonly [string, TapJobs])[] {
  const found = [...servers.values()].flatMap(({ name, service }) =>
    service === null || service.jobs === null ? [] : [[name, service.jobs] as const],
  )
  if (found.length === 0) throw new UsageError(`no TAP server of ${file} has jobs (service.jobs)`)
  if (wanted === undefined) return found
  const chosen = found.filter(([name]) => name === wanted)
  if (chosen.length > 0) return chosen
  const names = found.map(([name]) => name)
  const meant = nearMiss(wanted, names)
  const hint = meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`
  throw new UsageError(`no TAP server with jobs is called ${JSON.stringify(wanted)}: ${hint}`)
}
