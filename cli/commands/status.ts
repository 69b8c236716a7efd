import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { Failure } from '../../shared/failure.ts'
import { escapeJson } from '../../shared/printable.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeNote, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { addExamples } from './examples.ts'
import { parseInteger } from './parsers.ts'
import { withServer } from './server/access.ts'
import { addServerOptions, type ServerFlags } from './server/options.ts'
import type { ServerAccess } from './server/server-access.ts'

interface StatusFlags extends ServerFlags, OutputOptions {
  readonly history: number
  /** Seconds; true: as many as usual. */
  readonly watch?: number | true
}

export function declare(command: Command): void {
  addServerOptions(command)
    .option('--history <n>', 'how many entries of the history', parseHistory, 10)
    .option('--watch [seconds]', 'look again and again (default: every 5), until Ctrl-C', parseSeconds)
    .option('--json', 'print one JSON document; with --watch, one a line for each change')
    .action(run)
  addExamples(command, [
    'status --database postgresql://alice@db/tap',
    'status --instance example:us-central1:tap --database tap --user alice@example.org',
    'status --url https://swap-schema-abc.a.run.app --server tap --json',
    'status --url https://swap-schema-abc.a.run.app --server tap --watch',
  ])
}

async function run(flags: StatusFlags): Promise<void> {
  endOnInterrupt()
  if (flags.watch !== undefined) return withServer(flags, (server) => watch(server, flags))
  const read = () => withServer(flags, (server) => server.readStatus(flags.history))
  const status = await withProgress('reading the status', read)
  const { formatStatus } = await import('./server/format-status.ts')
  writeResult(status, flags, formatStatus)
}

const USUAL_SECONDS = 5

/** Shows the status whenever it is another one; what cannot be read for a moment is said once, and tried again. */
async function watch(server: ServerAccess, flags: StatusFlags): Promise<void> {
  const { formatStatus } = await import('./server/format-status.ts')
  const pause = (flags.watch === true ? USUAL_SECONDS : (flags.watch ?? USUAL_SECONDS)) * 1000
  let shown = ''
  let complaint = ''
  for (;;) {
    const found = await server.readStatus(flags.history).catch((error: unknown) => {
      if (!(error instanceof Failure) || error.permanent) throw error
      return error
    })
    if (found instanceof Failure) {
      if (found.message !== complaint) writeNote(found.message)
      complaint = found.message
    } else {
      complaint = ''
      const text = flags.json === true ? `${escapeJson(JSON.stringify(found))}\n` : `${formatStatus(found)}\n`
      if (text !== shown) process.stdout.write(clearScreen(flags) + text)
      shown = text
    }
    await sleep(pause)
  }
}

/** A terminal shows the newest alone; elsewhere each change follows the one before. */
function clearScreen({ json }: StatusFlags): string {
  return json !== true && process.stdout.isTTY ? '\x1b[2J\x1b[H' : ''
}

function parseHistory(value: string): number {
  return parseInteger(value, 0, 1000, 'a whole number from 0 to 1000')
}

function parseSeconds(value: string): number {
  return parseInteger(value, 1, 3600, 'a number of seconds from 1 to 3600')
}
