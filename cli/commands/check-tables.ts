import { type Command, Option } from 'commander'
import type { GeometryStrategy } from '../../shared/adql/postgresql.ts'
import type { TapServer } from '../../shared/environment/tap-server.ts'
import type { NameCase } from '../../shared/tables/lookup.ts'
import { FAILED } from '../terminal/exit-codes.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { UsageError } from '../terminal/usage-error.ts'
import type { ServerCheck } from './check-tables/check-server.ts'
import { addExamples } from './examples.ts'
import { parseList, parseText } from './parsers.ts'
import { addDatabaseOptions, type DatabaseFlags, requireDatabase } from './server/database-options.ts'

interface CheckTablesFlags extends DatabaseFlags, OutputOptions {
  readonly environment?: string
  readonly server?: string
  readonly names?: NameCase
  readonly geometry?: GeometryStrategy | 'auto'
  readonly reader?: readonly string[]
}

export function declare(command: Command): void {
  addDatabaseOptions(command)
    .option('--environment <file>', 'check the TAP servers of this file, each with its own settings', parseText)
    .option('--server <name>', 'with --environment: only this one (default: all that have a service)', parseText)
    .addOption(
      new Option('--names <spelling>', 'with --database: names as in TAP_SCHEMA (default), or in lower case').choices([
        'exact',
        'lower',
      ]),
    )
    .addOption(
      new Option('--geometry <strategy>', 'with --database: what finds positions (default: auto)').choices([
        'auto',
        'portable',
        'pgsphere',
        'postgis',
      ]),
    )
    .option(
      '--reader <role>',
      "role that must be able to read the tables; repeatable (default: the service's, or who may read what is live)",
      parseList,
    )
    .option('--json', 'print one JSON document')
    .action(run)
  addExamples(
    command,
    [
      'check-tables --environment environment.yaml',
      'check-tables --environment environment.yaml --server tap --json',
      'check-tables --database postgresql://alice@db/tap --reader tap_reader',
    ],
    [
      'The live TAP_SCHEMA is compared with the tables that are there. Errors: tables and columns that are missing or cannot',
      'be read, and types that do not fit. Warnings: positions that no index finds, indexes and lengths that TAP_SCHEMA',
      'claims. Exit code 1 says that there are errors.',
    ],
  )
}

async function run(flags: CheckTablesFlags): Promise<void> {
  endOnInterrupt()
  const { formatCheck } = await import('./check-tables/format-check.ts')
  const check = flags.environment === undefined ? checkOne : checkEnvironment
  const checks = await withProgress('comparing TAP_SCHEMA with the tables', () => check(flags))
  writeResult({ checks }, flags, (found) => found.checks.map(formatCheck).join('\n\n'))
  const hasErrors = checks.some(({ findings }) => findings.some(({ severity }) => severity === 'error'))
  if (hasErrors) process.exitCode = FAILED
}

async function checkOne(flags: CheckTablesFlags): Promise<readonly ServerCheck[]> {
  if (flags.server !== undefined) throw new UsageError('--server names a TAP server of an --environment: give both')
  const target = requireDatabase(flags)
  const { withPool } = await import('./server/connect.ts')
  const { checkDatabase, namesBy } = await import('./check-tables/check-server.ts')
  const wish = {
    geometry: flags.geometry ?? 'auto',
    names: namesBy(flags.names ?? 'exact'),
    schemas: null,
    readers: flags.reader ?? null,
  }
  const found = await withPool(target, (pool) => checkDatabase({ metadata: pool, data: pool }, wish))
  return [{ server: null, ...found }]
}

async function checkEnvironment(flags: CheckTablesFlags): Promise<readonly ServerCheck[]> {
  const taken = (['database', 'instance', 'ipType', 'user', 'names', 'geometry'] as const).find(
    (name) => flags[name] !== undefined,
  )
  if (taken !== undefined) {
    throw new UsageError(`leave out --${taken === 'ipType' ? 'ip-type' : taken}: the environment file says it`)
  }
  const { loadEnvironment } = await import('../../shared/deployment/environment-file.ts')
  const { requireServer } = await import('../../shared/environment/require.ts')
  const { openLogger } = await import('./publish/open-location.ts')
  const { checkServer } = await import('./check-tables/check-server.ts')
  const environment = await loadEnvironment(openLogger(), flags.environment)
  const servers = flags.server === undefined ? environment.servers.values() : [requireServer(environment, flags.server)]
  const checked = [...servers].filter((server) => flags.server !== undefined || hasService(server))
  if (checked.length === 0) {
    throw new UsageError(`no TAP server of ${environment.file} has a service: name one with --server`)
  }
  const checks: ServerCheck[] = []
  for (const server of checked) checks.push(await checkServer(environment, server, { readers: flags.reader ?? null }))
  return checks
}

function hasService({ service }: TapServer): boolean {
  return service !== null
}
