import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../../local/postgres.ts'
import { makeBundles } from './bundles.ts'
import { openExtensionServer } from './extension-postgres.ts'
import { makeMemoryFolder } from './memory-folder.ts'
import { makeOnceInARun } from './once-in-a-run.ts'
import { makeTemplate } from './template-database.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser URL of the run's PostgreSQL cluster. */
    postgres: string
    /** Name of a database with Almagest's roles and history, for copies. */
    template: string
    /** A folder for what is made once in a run. */
    shared: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = await mkdtemp(join(tmpdir(), 'almagest-run-'))
  project.provide('shared', shared)
  const { url, stop } = await openPostgres()
  const template = await makeTemplate(url)
  project.provide('postgres', url)
  project.provide('template', template.name)
  const stops: (() => Promise<void>)[] = [stop, template.drop]
  const close = await makeOnceInARun(shared, {
    bundles: () => makeBundles(join(shared, 'bundles')),
    extensions: async () => {
      const { stop, ...server } = await openExtensionServer()
      stops.push(stop)
      return JSON.stringify(server)
    },
  })
  return async () => {
    close()
    for (const stop of stops.reverse()) await stop()
    await rm(shared, { recursive: true, force: true })
  }
}

/** One PostgreSQL cluster per run; TEST_DATABASE_URL names one that is already there. */
async function openPostgres(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL
  if (given !== undefined && given !== '') return { url: given, stop: async () => {} }
  const folder = await makeMemoryFolder('almagest-run-')
  const server = await startPostgres({ stateDirectory: folder, unsafe: true, settings: SETTINGS })
  const stop = async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return { url: server.url, stop }
}

/** Nothing is done in the background for databases that are dropped a second later. */
const SETTINGS = { max_connections: '200', autovacuum: 'off', wal_level: 'minimal', max_wal_senders: '0' }
