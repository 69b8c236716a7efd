import type { Command } from 'commander'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { addExamples } from './examples.ts'
import { parseInteger } from './parsers.ts'
import { withServer } from './server/access.ts'
import { addServerOptions, type ServerFlags } from './server/options.ts'

interface StatusFlags extends ServerFlags, OutputOptions {
  readonly history: number
}

export function declare(command: Command): void {
  addServerOptions(command)
    .option('--history <n>', 'how many entries of the history', parseHistory, 10)
    .option('--json', 'print one JSON document')
    .action(run)
  addExamples(command, [
    'status --database postgresql://alice@db/tap',
    'status --instance example:us-central1:tap --database tap --user alice@example.org',
    'status --url https://swap-schema-abc.a.run.app --server tap --json',
  ])
}

async function run(flags: StatusFlags): Promise<void> {
  endOnInterrupt()
  const read = () => withServer(flags, (server) => server.readStatus(flags.history))
  const status = await withProgress('reading the status', read)
  const { formatStatus } = await import('./server/format-status.ts')
  writeResult(status, flags, formatStatus)
}

function parseHistory(value: string): number {
  return parseInteger(value, 0, 1000, 'a whole number from 0 to 1000')
}
