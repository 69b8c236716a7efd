import type { Command } from 'commander'

/** What a command's module gives: its arguments, options and action, put on an empty command. */
export interface CommandModule {
  /** @param all every command there is */
  declare(command: Command, all: readonly CommandEntry[]): void
}

export interface CommandEntry {
  readonly name: string
  readonly summary: string
  /** Where the environment file stands among the words, for a command that takes it as an argument: `--environment` means the same. */
  readonly environmentAt?: number
  /** Only the command that was asked for is loaded, so that the others cost nothing. */
  load(): Promise<CommandModule>
}
