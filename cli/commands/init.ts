import type { Command } from 'commander'
import type pg from 'pg'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { addExamples } from './examples.ts'
import { parseList } from './parsers.ts'
import { addDatabaseOptions, type DatabaseFlags, requireDatabase } from './server/database-options.ts'

interface InitFlags extends DatabaseFlags, OutputOptions {
  readonly stager?: readonly string[]
  readonly operator?: readonly string[]
  readonly reader?: readonly string[]
  readonly jobsUser?: readonly string[]
  readonly jobsReader?: readonly string[]
  readonly registryUser?: readonly string[]
  readonly tablesUser?: readonly string[]
}

export function declare(command: Command): void {
  addDatabaseOptions(command)
    .option('--stager <login...>', 'logins that may stage', parseList)
    .option('--operator <login...>', 'logins that may stage, swap and roll back', parseList)
    .option('--reader <role...>', 'roles that may read the slots that exist already; public is everybody', parseList)
    .option(
      '--jobs-user <login...>',
      'logins that may work with the jobs of asynchronous queries, whose table is made: those of tap, run-query and watch-queries',
      parseList,
    )
    .option('--jobs-reader <login...>', 'logins that may read that table: that of collect-results', parseList)
    .option(
      '--registry-user <login...>',
      'logins that may publish records: those of registry, and of who runs `almagest registry refresh`',
      parseList,
    )
    .option(
      '--tables-user <login...>',
      'logins that may work with the tables that users keep, which are made ready: those of tap, run-query and watch-queries',
      parseList,
    )
    .option('--json', 'print one JSON document')
    .action(run)
  addExamples(
    command,
    [
      'init --database postgresql://postgres@db/tap --operator almagest',
      'init --database postgresql://postgres@db/tap --stager loader --operator alice,bob --reader tap',
      'init --database postgresql://postgres@db/tap --jobs-user tap,run_query,watch_queries',
      'init --database postgresql://postgres@db/tap --registry-user registry',
      'init --database postgresql://postgres@db/tap --jobs-user tap,run_query,watch_queries --tables-user tap,run_query,watch_queries',
      'init --instance example:us-central1:tap --database tap --user almagest_init --operator swap-schema@example.iam',
    ],
    ['The login must be allowed to create roles. It can be run again at any time.'],
  )
}

async function run(flags: InitFlags): Promise<void> {
  const target = requireDatabase(flags)
  endOnInterrupt()
  const { withPool } = await import('./server/connect.ts')
  const { databaseUserOf } = await import('../../shared/platform/postgres/cloud-sql.ts')
  const { initialiseJobs } = await import('../../shared/uws/roles.ts')
  const { initialiseUserTables } = await import('../../shared/user-tables/ddl.ts')
  const { initialiseRegistry } = await import('../../shared/registry/state/record-table.ts')
  const { initialiseDatabase } = await import('../../shared/tap-schema/roles.ts')
  const asUsers = (names: readonly string[] = []) => names.map(databaseUserOf)
  const [jobsUsers, jobsReaders] = [asUsers(flags.jobsUser), asUsers(flags.jobsReader)]
  const registryUsers = asUsers(flags.registryUser)
  const tablesUsers = asUsers(flags.tablesUser)
  const grants = {
    stagers: asUsers(flags.stager),
    operators: asUsers(flags.operator),
    readers: asUsers(flags.reader),
  }
  const prepareMore = async (client: pg.PoolClient) => {
    await initialiseRegistry(client, registryUsers)
    if (flags.jobsUser ?? flags.jobsReader) await initialiseJobs(client, jobsUsers, jobsReaders)
    if (flags.tablesUser) await initialiseUserTables(client, tablesUsers)
  }
  const options = { ...grants, prepareMore }
  const prepare = (pool: pg.Pool) => withProgress('preparing the database', () => initialiseDatabase(pool, options))
  const formerOwners = await withPool(target, prepare)
  const granted = { ...grants, jobsUsers, jobsReaders, registryUsers, tablesUsers }
  writeResult({ outcome: 'initialised', ...granted, formerOwners }, flags, describeGrants)
}

interface Initialised {
  readonly stagers: readonly string[]
  readonly operators: readonly string[]
  readonly readers: readonly string[]
  readonly jobsUsers: readonly string[]
  readonly jobsReaders: readonly string[]
  readonly registryUsers: readonly string[]
  readonly tablesUsers: readonly string[]
  readonly formerOwners: readonly string[]
}

function describeGrants(initialised: Initialised): string {
  const { stagers, operators, readers, jobsUsers, jobsReaders, registryUsers, tablesUsers, formerOwners } = initialised
  const list = (label: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`  ${label}: ${names.join(', ')}`]
  const lines = [...list('may stage', stagers), ...list('may stage, swap and roll back', operators)]
  return [
    'the database is ready for Almagest',
    ...lines,
    ...list('may read', readers),
    ...list('may work with jobs', jobsUsers),
    ...list('may read the jobs', jobsReaders),
    ...list('may publish records', registryUsers),
    ...list('may keep tables of users', tablesUsers),
    ...list('owned a slot, and may read it now', formerOwners),
  ].join('\n')
}
