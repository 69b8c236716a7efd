import { Argument, type Command } from 'commander'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import type { CommandEntry } from './command-entry.ts'
import type { Described } from './completion/describe-program.ts'
import { addExamples } from './examples.ts'

type Shell = 'bash' | 'zsh' | 'fish'

const SHELLS: Readonly<Record<Shell, () => Promise<(program: Described) => string>>> = {
  bash: async () => (await import('./completion/bash.ts')).bashScript,
  zsh: async () => (await import('./completion/zsh.ts')).zshScript,
  fish: async () => (await import('./completion/fish.ts')).fishScript,
}

export function declare(command: Command, all: readonly CommandEntry[]): void {
  command
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SHELLS)))
    .action((shell: Shell) => run(shell, all))
  addExamples(
    command,
    [
      'completion bash > ~/.local/share/bash-completion/completions/almagest',
      'completion zsh > ~/.zsh/completions/_almagest',
      'completion fish > ~/.config/fish/completions/almagest.fish',
    ],
    ['The script holds all commands and options of this version: make it anew after an update.'],
  )
}

async function run(shell: Shell, all: readonly CommandEntry[]): Promise<void> {
  endOnInterrupt()
  const { describeProgram } = await import('./completion/describe-program.ts')
  const write = await SHELLS[shell]()
  process.stdout.write(write(await describeProgram(all)))
}
