import type { Command } from 'commander'
import { showControls } from '../../../shared/printable.ts'
import type { SwapOutcome } from '../../../shared/tap-schema/swap.ts'
import { endOnInterrupt } from '../../terminal/interrupt.ts'
import { type OutputOptions, writeNote, writeResult } from '../../terminal/output.ts'
import { withProgress } from '../../terminal/progress.ts'
import { parseGeneration, parseSeconds, parseText } from '../parsers.ts'
import { type ExchangeRequest, type ServerAccess, withServer } from './access.ts'
import { addServerOptions, type ServerFlags } from './options.ts'

interface ExchangeFlags extends ServerFlags, OutputOptions {
  readonly generation?: string
  readonly deadline?: number
  readonly actor?: string
}

/** What is different between a swap and a rollback. */
interface Exchange {
  readonly argument: string
  label(version: string): string
  exchange(server: ServerAccess, request: ExchangeRequest): Promise<SwapOutcome>
  done(outcome: SwapOutcome): string
}

/** Declares a command that exchanges slots, as `VERSION` says. */
export function declareExchange(command: Command, { argument, label, exchange, done }: Exchange): void {
  const run = async (version: string, flags: ExchangeFlags): Promise<void> => {
    endOnInterrupt(`interrupted: ${label(version)} happened whole or not at all; \`almagest status\` shows which`)
    const { generation, actor, deadline: deadlineSeconds } = flags
    const request = { version, generation, actor, deadlineSeconds }
    const operation = () => withServer(flags, (server) => exchange(server, request))
    const outcome = await withProgress(label(version), operation)
    writeResult(outcome, flags, (result) => `${showControls(done(result))} (${Math.round(result.durationMs)} ms)`)
    if (flags.json !== true) for (const warning of outcome.warnings) writeNote(`warning: ${warning}`)
  }
  command.argument('<version>', argument, parseText)
  addServerOptions(command)
    .option('--generation <digits>', 'expect this very upload of the version', parseGeneration)
    .option('--deadline <seconds>', 'how long to keep trying for the locks (default: 30)', parseSeconds)
    .option('--actor <name>', 'who is named in the history, with --database (default: your login)', parseText)
    .option('--json', 'print one JSON document')
    .action(run)
}
