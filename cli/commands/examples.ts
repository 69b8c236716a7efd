import type { Command } from 'commander'
import { spell, spellCommands } from '../terminal/spelling.ts'

/** The end of a command's help. */
export function addExamples(command: Command, examples: readonly string[], notes: readonly string[] = []): Command {
  const lines = ['', 'Examples:', ...examples.map((example) => `  $ ${spell(example)}`)]
  const text = [...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n')
  return command.addHelpText('after', spellCommands(text))
}
