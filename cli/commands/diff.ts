import { type Command, Option } from 'commander'
import type { SchemaDiff } from '../../shared/tap-schema/diff.ts'
import type { SlotName } from '../../shared/tap-schema/slots.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { BREAKING_HELP, describeDiff, FAIL_ON, type FailOn, failOnChanges } from './describe-diff.ts'
import { addExamples } from './examples.ts'
import { withServer } from './server/access.ts'
import { addServerOptions, type ServerFlags } from './server/options.ts'

interface DiffFlags extends ServerFlags, OutputOptions {
  readonly from: SlotName
  readonly to: SlotName
  readonly failOn?: FailOn
}

const SLOTS: readonly SlotName[] = ['live', 'staging', 'previous']

export function declare(command: Command): void {
  addServerOptions(command)
    .addOption(new Option('--from <slot>', 'the slot as it was').choices(SLOTS).default('live'))
    .addOption(new Option('--to <slot>', 'the slot as it will be').choices(SLOTS).default('staging'))
    .addOption(new Option('--fail-on <kind>', 'end with exit code 1 when there are such changes').choices(FAIL_ON))
    .option('--json', 'print one JSON document')
    .action(run)
  addExamples(
    command,
    ['diff --database postgresql://alice@db/tap', 'diff --from previous --to live --fail-on breaking'],
    BREAKING_HELP,
  )
}

async function run(flags: DiffFlags): Promise<void> {
  const { from, to, failOn } = flags
  if (from === to) throw new UsageError(`--from and --to are both ${from}: give two slots`)
  endOnInterrupt()
  const compare = () => withServer(flags, (server) => server.diff(from, to))
  const diff = await withProgress(`comparing ${from} with ${to}`, compare)
  const { formatDiff } = await import('../../shared/tap-schema/format-diff.ts')
  writeResult(diff, flags, (found: SchemaDiff) => describeDiff(formatDiff(found)))
  failOnChanges(diff, failOn)
}
