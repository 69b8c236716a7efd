import type { Command } from 'commander'
import { DEFAULT_CONTEXT, type FelisContext } from '../../../shared/felis/context.ts'
import { parseInteger } from '../parsers.ts'

/** How Felis files are read; the flags are those of Felis. */
export interface FelisFlags {
  readonly idGeneration: boolean
  readonly columnRefIndexIncrement?: number
}

const INT_MAX = 2_147_483_647

export function addFelisOptions(command: Command): Command {
  return command
    .option('--id-generation', 'make a missing @id from the names (default)', true)
    .option('--no-id-generation', 'every @id must be there')
    .option('--column-ref-index-increment <n>', 'step of tap:column_index of referenced columns', parseIncrement)
}

export function readFelisContext({ idGeneration, columnRefIndexIncrement }: FelisFlags): FelisContext {
  return { ...DEFAULT_CONTEXT, idGeneration, columnRefIndexIncrement: columnRefIndexIncrement ?? null }
}

function parseIncrement(value: string): number {
  return parseInteger(value, 1, INT_MAX, 'a whole number from 1 on')
}
