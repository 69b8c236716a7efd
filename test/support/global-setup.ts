import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../../local/postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser URL of the run's PostgreSQL cluster. */
    postgres: string
    /** A folder for what is made once in a run. */
    shared: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = await mkdtemp(join(tmpdir(), 'almagest-run-'))
  project.provide('shared', shared)
  const stop = await providePostgres(project)
  return async () => {
    await stop()
    await rm(shared, { recursive: true, force: true })
  }
}

/** One PostgreSQL cluster per run; TEST_DATABASE_URL names one that is already there. */
async function providePostgres(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL
  if (given !== undefined && given !== '') {
    project.provide('postgres', given)
    return async () => {}
  }
  const server = await startPostgres({ stateDirectory: null, unsafe: true, settings: { max_connections: '200' } })
  project.provide('postgres', server.url)
  return server.stop
}
