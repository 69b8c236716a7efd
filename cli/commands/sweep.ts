import { type Command, Option } from 'commander'
import { FAILED, INTERRUPTED } from '../terminal/exit-codes.ts'
import { type OutputOptions, writeNote, writeResult } from '../terminal/output.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { addExamples } from './examples.ts'
import { parseInteger, parseText } from './parsers.ts'

interface SweepFlags extends OutputOptions {
  readonly environment?: string
  readonly dryRun?: boolean
  readonly delete?: boolean
  readonly job?: string
  readonly allowPercent?: number
}

export function declare(command: Command): void {
  command
    .option('--environment <file>', 'the environment file (default: ALMAGEST_ENVIRONMENT)', parseText)
    .addOption(new Option('--dry-run', 'only show what would be deleted, and why (the default)').conflicts('delete'))
    .option('--delete', 'delete it')
    .option('--job <id>', 'the results of this job, now and at any age', parseText)
    .option('--allow-percent <n>', 'delete up to this share of the bucket, having looked', parsePercent)
    .option('--json', 'print one JSON document')
    .action(run)
  addExamples(
    command,
    ['sweep --environment environment.yaml', 'sweep --delete', 'sweep --delete --job zz4jzk1f4jnwl2o6'],
    ['A sweep that is interrupted by Ctrl-C saves its position; the next one continues from there.'],
  )
}

async function run(flags: SweepFlags): Promise<void> {
  const mode = flags.delete === true ? 'delete' : 'dry-run'
  if (flags.job !== undefined && flags.allowPercent !== undefined) {
    throw new UsageError('--allow-percent is about sweeps: it cannot be used with --job')
  }
  const { openSweep } = await import('./sweep/open.ts')
  const { formatDestruction, formatSweep } = await import('./sweep/format-report.ts')
  const sweep = await openSweep(flags.environment)
  try {
    if (flags.job !== undefined) {
      const report = await sweep.destroy({ job: flags.job, mode })
      writeResult(report, flags, formatDestruction)
      return
    }
    const report = await sweep.run({ mode, allowPercent: flags.allowPercent })
    writeResult(report, flags, formatSweep)
    if (report.outcome === 'busy') writeNote('another sweep is running; this one has done nothing')
    for (const warning of report.warnings) writeNote(warning)
    if (report.outcome !== 'finished') process.exitCode = report.outcome === 'paused' ? INTERRUPTED : FAILED
  } finally {
    await sweep.close()
  }
}

function parsePercent(value: string): number {
  return parseInteger(value, 1, 100, 'a whole number from 1 to 100')
}
