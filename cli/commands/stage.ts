import type { Command } from 'commander'
import type { StageOutcome } from '../../shared/tap-schema/stage.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeNote, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { writeProblems } from '../terminal/report-failure.ts'
import { addExamples } from './examples.ts'
import { addLoaderOptions, type LoaderFlags, readLoaderOptions } from './loader-options.ts'
import { parseList, parseSchemas, parseText, parseVersion } from './parsers.ts'
import { currentActor } from './server/actor.ts'
import { addDatabaseOption, type DatabaseFlags, requireDatabase } from './server/options.ts'

interface StageFlags extends DatabaseFlags, LoaderFlags, OutputOptions {
  readonly version: string
  readonly schemas: readonly string[]
  readonly reader?: readonly string[]
  readonly actor?: string
}

export function declare(command: Command): void {
  command.argument('<release>', 'schemas.tar.gz, a folder that holds it, or a folder of Felis files', parseText)
  addDatabaseOption(command)
    .requiredOption('--version <version>', 'the name of the release', parseVersion)
    .requiredOption('--schemas <names>', 'the schemas to load, in the order of schema_index: a,b', parseSchemas)
    .option('--reader <role>', 'role that may read the slot, now and after every swap; repeatable', parseList)
    .option('--actor <name>', 'who is named in the history (default: your login)', parseText)
  addLoaderOptions(command, { postfix: true }).option('--json', 'print one JSON document').action(run)
  addExamples(command, [
    'stage --database postgresql://loader@db/tap --version w.2026.34 --schemas dp2,dp1 schemas.tar.gz',
    'stage --version test --schemas survey --reader tap --profile plain ./yml',
  ])
}

async function run(path: string, flags: StageFlags): Promise<void> {
  const url = requireDatabase(flags)
  const { version, schemas, reader: readers = [], actor = currentActor() } = flags
  endOnInterrupt(`interrupted: ${version} is staged whole or not at all; \`almagest status\` shows which`)
  const { readRelease } = await import('./release/read-release.ts')
  const { withPool } = await import('./server/connect.ts')
  const { stageOrReject } = await import('./release/stage-or-reject.ts')
  const release = await withProgress(`reading ${path}`, () => readRelease(version, path))
  const options = readLoaderOptions(flags)
  const outcome = await withPool(url, (pool) =>
    withProgress(`staging ${version}`, () => stageOrReject(pool, release, { schemas, readers, options, actor })),
  )
  writeResult(outcome, flags, describeStage)
  if (flags.json === true || outcome.outcome !== 'staged') return
  writeProblems(outcome.warnings)
  writeNote(`next: \`almagest diff\` shows what would change, \`almagest swap ${version}\` makes it live`)
}

function describeStage(outcome: StageOutcome): string {
  if (outcome.outcome !== 'staged') return `${outcome.version} is ${outcome.outcome}: ${outcome.reason}`
  const { schemas, tables, columns, keys } = outcome.rows
  const seconds = (outcome.durationMs / 1000).toFixed(2)
  const size = `${schemas} schemas, ${tables} tables, ${columns} columns, ${keys} keys, with tap_schema's own`
  return `staged ${outcome.version} in ${seconds} s: ${size}`
}
