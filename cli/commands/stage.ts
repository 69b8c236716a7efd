import type { Command } from 'commander'
import { showControls } from '../../shared/printable.ts'
import type { StageOutcome } from '../../shared/tap-schema/stage.ts'
import { count } from '../felis-files/gather-problems.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeNote, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { writeProblems } from '../terminal/report-failure.ts'
import { quoteForShell } from '../terminal/spelling.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { addExamples } from './examples.ts'
import { addLoaderOptions, type LoaderFlags, readLoaderOptions } from './loader-options.ts'
import { parseGeneration, parseList, parseSchemas, parseText, parseVersion } from './parsers.ts'
import { currentActor } from './server/actor.ts'
import type { DatabaseTarget } from './server/database-options.ts'
import {
  addServerOptions,
  type FunctionAddress,
  nameServer,
  requireServer,
  type ServerFlags,
} from './server/options.ts'

interface StageFlags extends ServerFlags, LoaderFlags, OutputOptions {
  readonly version: string
  readonly generation?: string
  readonly schemas?: readonly string[]
  readonly reader?: readonly string[]
  readonly actor?: string
}

export function declare(command: Command): void {
  command.argument('[release]', 'schemas.tar.gz, a folder that holds it, or a folder of Felis files', parseText)
  addServerOptions(command)
    .requiredOption('--version <version>', 'the name of the release', parseVersion)
    .option('--schemas <names>', 'the schemas to load, in the order of schema_index: a,b', parseSchemas)
    .option(
      '--reader <role>',
      'role that may read the slot, now and after every swap; repeatable; public is everybody (default: who may read what is live)',
      parseList,
    )
    .option('--actor <name>', 'who is named in the history (default: your login)', parseText)
    .option('--generation <digits>', "with --url: this very upload, not the bucket's newest", parseGeneration)
  addLoaderOptions(command, { postfix: true }).option('--json', 'print one JSON document').action(run)
  addExamples(
    command,
    [
      'stage --database postgresql://loader@db/tap --version releases/w.2026.34 --schemas dp2,dp1 schemas.tar.gz',
      'stage --version test --schemas survey --reader tap --profile plain ./yml',
      'stage --url https://swap-schema-abc.a.run.app --server tap --version releases/w.2026.33',
    ],
    [
      'With --database, <release> and --schemas are required. With --url, the function takes the release from its bucket,',
      'and all but the version from its environment file.',
    ],
  )
}

async function run(path: string | undefined, flags: StageFlags, command: Command): Promise<void> {
  const address = requireServer(flags)
  const { version } = flags
  endOnInterrupt(
    `interrupted: ${version} is staged whole or not at all; \`almagest status${nameServer(flags)}\` shows which`,
  )
  const outcome =
    address.kind === 'function'
      ? await stageFromBucket(address, path, flags, command)
      : await stageFromDisk(address, path, flags)
  writeResult(outcome, flags, describeStage)
  if (flags.json === true || outcome.outcome !== 'staged') return
  writeProblems(outcome.warnings)
  const server = nameServer(flags)
  const swap = `swap ${quoteForShell(version)}`
  writeNote(`next: \`almagest diff${server}\` shows what would change, \`almagest ${swap}${server}\` makes it live`)
}

async function stageFromDisk(
  target: DatabaseTarget,
  path: string | undefined,
  flags: StageFlags,
): Promise<StageOutcome> {
  const { version, schemas, generation, reader: readers = [], actor = currentActor() } = flags
  if (path === undefined) throw new UsageError("missing required argument 'release'")
  if (schemas === undefined) throw new UsageError("required option '--schemas <names>' not specified")
  if (generation !== undefined) throw new UsageError('--generation works with --url only: a file on disk has none')
  const { readRelease } = await import('./release/read-release.ts')
  const { withPool } = await import('./server/connect.ts')
  const { stageOrReject } = await import('./release/stage-or-reject.ts')
  const release = await withProgress(`reading ${path}`, () => readRelease(version, path))
  const options = readLoaderOptions(flags)
  return withPool(target, (pool) =>
    withProgress(`staging ${version}`, () => stageOrReject(pool, release, { schemas, readers, options, actor })),
  )
}

/** What the function cannot be told, because its environment file says it. */
const LOCAL_OPTIONS: readonly string[] = [
  'schemas',
  'reader',
  'actor',
  'profile',
  'postfix',
  'extensions',
  'uniqueKeys',
  'unboundedArraysize',
  'columnRefIndexIncrement',
  'firstSchemaIndex',
]

async function stageFromBucket(
  address: FunctionAddress,
  path: string | undefined,
  { version, generation }: StageFlags,
  command: Command,
): Promise<StageOutcome> {
  if (path !== undefined) throw new UsageError(`leave out ${path}: with --url, the release comes from the bucket`)
  const given = LOCAL_OPTIONS.find((name) => command.getOptionValueSource(name) === 'cli')
  if (given !== undefined) {
    const flag = command.options.find((option) => option.attributeName() === given)?.long ?? given
    throw new UsageError(`leave out ${flag}: with --url, the function's environment file decides that`)
  }
  const { openFunctionAccess } = await import('./server/function-access.ts')
  const server = await openFunctionAccess(address)
  return withProgress(`staging ${version}`, () => server.stage(version, generation))
}

function describeStage(outcome: StageOutcome): string {
  if (outcome.outcome !== 'staged') return showControls(`${outcome.version} is ${outcome.outcome}: ${outcome.reason}`)
  // A function of an earlier version counts only all rows.
  const { schemas, tables, columns, keys } = outcome.described ?? outcome.rows
  const readers =
    outcome.readers.length === 0
      ? 'nobody but its owners, because no readers are named and nothing that is live has any'
      : outcome.readers.join(', ')
  const seconds = (outcome.durationMs / 1000).toFixed(2)
  const size = [count(schemas, 'schema'), count(tables, 'table'), count(columns, 'column'), count(keys, 'key')].join(
    ', ',
  )
  return `staged ${showControls(outcome.version)} in ${seconds} s: ${size}\nmay be read by ${showControls(readers)}`
}
