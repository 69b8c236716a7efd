import type { Command } from 'commander'
import { FAILED } from '../terminal/exit-codes.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { addExamples } from './examples.ts'
import { parseText } from './parsers.ts'

interface CheckFlags extends OutputOptions {
  readonly environment?: string
  readonly connect?: true
}

export function declare(command: Command): void {
  command
    .argument('[file]', 'the environment file (default: --environment, else ALMAGEST_ENVIRONMENT)', parseText)
    .option('--environment <file>', 'the same', parseText)
    .option('--connect', 'reach for what the file names: buckets, databases and their roles, topics, job tables')
    .option('--json', 'print one JSON document')
    .action(run)
  addExamples(
    command,
    ['check-environment environment.yaml', 'check-environment --connect environment.yaml'],
    [
      'Each thing is ok, doubtful (warning), wrong (error) or could not be looked at, with what to do. Nothing is changed.',
      'With --connect the rights are those of the caller, and in databases those of the users that the file names: run it',
      'as the service account of a function to see what the function sees. Exit code 1 says that there are errors.',
    ],
  )
}

async function run(path: string | undefined, flags: CheckFlags): Promise<void> {
  if (path !== undefined && flags.environment !== undefined) throw new UsageError('the environment file is named twice')
  const file = path ?? flags.environment ?? process.env.ALMAGEST_ENVIRONMENT ?? ''
  if (file === '') throw new UsageError('no environment file is named: give one, or set ALMAGEST_ENVIRONMENT')
  endOnInterrupt()
  const { checkFile } = await import('./check-environment/check-file.ts')
  const { formatChecks } = await import('./check-environment/format-checks.ts')
  const { environment, checks } = await checkFile(file)
  const all =
    environment === null || flags.connect !== true
      ? checks
      : [
          ...checks,
          ...(await withProgress('reaching for what the file names', async () =>
            (await import('./check-environment/check-connections.ts')).checkConnections(environment),
          )),
        ]
  writeResult({ file, checks: all }, flags, (found) => formatChecks(found.checks))
  if (all.some(({ state }) => state === 'error')) process.exitCode = FAILED
}
