import type { Command } from 'commander'

/** The flags of Felis that decide whether missing ids are made. */
export interface IdFlags {
  readonly idGeneration: boolean
}

export function addIdGeneration(command: Command): Command {
  return command
    .option('--id-generation', 'make a missing @id from the names (default)', true)
    .option('--no-id-generation', 'every @id must be there')
}
