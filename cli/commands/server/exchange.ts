import type { Command } from 'commander'
import { showControls } from '../../../shared/printable.ts'
import { DEFAULT_PATIENCE } from '../../../shared/tap-schema/patience.ts'
import type { SlotStatus } from '../../../shared/tap-schema/status.ts'
import type { SwapOutcome } from '../../../shared/tap-schema/swap.ts'
import { endOnInterrupt } from '../../terminal/interrupt.ts'
import { type OutputOptions, writeNote, writeResult } from '../../terminal/output.ts'
import { withProgress } from '../../terminal/progress.ts'
import { parseDeadline, parseGeneration, parseInteger, parseText } from '../parsers.ts'
import { withServer } from './access.ts'
import { addServerOptions, nameServer, type ServerFlags } from './options.ts'
import type { ExchangeRequest, ServerAccess } from './server-access.ts'

interface ExchangeFlags extends ServerFlags, OutputOptions {
  readonly generation?: string
  readonly id?: number
  readonly leaveReadersOut?: boolean
  readonly deadline?: number
  readonly actor?: string
}

/** What is different between a swap and a rollback. */
interface Exchange {
  readonly argument: string
  label(version: string): string
  exchange(server: ServerAccess, request: ExchangeRequest): Promise<SwapOutcome>
  /** What is said of a version that it made live. */
  readonly done: string
}

/** Declares a command that exchanges slots, as `VERSION` says. */
export function declareExchange(command: Command, { argument, label, exchange, done }: Exchange): void {
  const run = async (version: string, flags: ExchangeFlags): Promise<void> => {
    endOnInterrupt(
      `interrupted: ${label(version)} happened whole or not at all; \`almagest status${nameServer(flags)}\` shows which`,
    )
    const { generation, id, leaveReadersOut = false, actor, deadline: deadlineSeconds } = flags
    const request = { version, generation, id, leaveReadersOut, actor, deadlineSeconds }
    const operation = () => withServer(flags, (server) => exchange(server, request))
    const outcome = await withProgress(label(version), operation)
    writeResult(outcome, flags, (result) => describeExchange(result, done))
    if (flags.json !== true) for (const warning of outcome.warnings) writeNote(`warning: ${warning}`)
  }
  command.argument('<version>', argument, parseText)
  addServerOptions(command)
    .option('--generation <digits>', 'expect this very upload of the version', parseGeneration)
    .option(
      '--id <number>',
      'expect this very stage, as `almagest status` shows it; then a repeated call changes nothing',
      parseId,
    )
    .option('--leave-readers-out', 'go on where roles that may read what is live now would lose read access')
    .option(
      '--deadline <seconds>',
      `how long to keep trying for the locks (default: ${DEFAULT_PATIENCE.deadlineMs / 1000})`,
      parseDeadline,
    )
    .option('--actor <name>', 'who is named in the history, with --database (default: your login)', parseText)
    .option('--json', 'print one JSON document')
    .action(run)
}

function parseId(value: string): number {
  return parseInteger(value, 1, Number.MAX_SAFE_INTEGER, 'the number of a stage')
}

function describeExchange({ outcome, live, previous, slots, durationMs }: SwapOutcome, done: string): string {
  const milliseconds = `${Math.round(durationMs)} ms`
  const beside = previous === null ? '' : `; ${previous} is previous`
  const heading =
    outcome === 'unchanged'
      ? `${live} is live already: nothing was changed (${milliseconds})`
      : `${live} is ${done}${beside} (${milliseconds})`
  const lines = (['live', 'previous'] as const).map((slot) => `  ${slot.padEnd(8)}  ${describeSlot(slots[slot])}`)
  return [heading, ...lines].map(showControls).join('\n')
}

function describeSlot({ exists, version, id, source, schemas }: SlotStatus): string {
  if (!exists) return '(empty)'
  const upload = source === null ? [] : [`generation ${source.generation}`]
  return [version ?? '', ...(id === null ? [] : [`id ${id}`]), ...upload, `schemas ${schemas.join(', ')}`].join('; ')
}
