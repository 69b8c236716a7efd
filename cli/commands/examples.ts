import type { Command } from 'commander'

/** The end of a command's help. */
export function addExamples(command: Command, examples: readonly string[], notes: readonly string[] = []): Command {
  const lines = ['', 'Examples:', ...examples.map((example) => `  $ almagest ${example}`)]
  return command.addHelpText('after', [...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n'))
}
