import { Command } from 'commander'
import type { CommandEntry } from '../command-entry.ts'

/** A command as a shell completes it. */
export interface Described {
  /** The words that lead to it: none for `almagest` itself. */
  readonly words: readonly string[]
  readonly summary: string
  readonly options: readonly DescribedOption[]
  /** What its first argument may be, where that is a list of words. */
  readonly choices: readonly string[]
  readonly commands: readonly Described[]
}

export interface DescribedOption {
  /** `-o`, `--output`. */
  readonly flags: readonly string[]
  readonly summary: string
  readonly value: 'none' | 'any' | readonly string[]
}

const HELP: DescribedOption = { flags: ['-h', '--help'], summary: 'display help for command', value: 'none' }
const VERSION: DescribedOption = { flags: ['-V', '--version'], summary: 'output the version number', value: 'none' }

/** All commands of a table, with their options and arguments. */
export async function describeProgram(table: readonly CommandEntry[]): Promise<Described> {
  const commands = await Promise.all(
    table.map(async ({ name, summary, load }) => {
      const command = new Command(name).summary(summary)
      ;(await load()).declare(command, table)
      return describe(command, [])
    }),
  )
  const help = { words: ['help'], summary: 'display help for command', options: [], commands: [] }
  const choices = table.map(({ name }) => name)
  return {
    words: [],
    summary: '',
    options: [HELP, VERSION],
    choices: [],
    commands: [...commands, { ...help, choices }],
  }
}

/** The command and those below it, each in front of its own. */
export function withSubcommands(command: Described): readonly Described[] {
  return [command, ...command.commands.flatMap(withSubcommands)]
}

function describe(command: Command, before: readonly string[]): Described {
  const words = [...before, command.name()]
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ short, long, description, required, optional, argChoices }): DescribedOption => {
      const flags = [short, long].filter((flag) => flag !== undefined)
      return { flags, summary: description, value: required || optional ? (argChoices ?? 'any') : 'none' }
    })
  return {
    words,
    summary: command.summary() || command.description(),
    options: [...options, HELP],
    choices: command.registeredArguments[0]?.argChoices ?? [],
    commands: command.commands.map((below) => describe(below, words)),
  }
}
