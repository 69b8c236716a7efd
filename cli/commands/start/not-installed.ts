import type { Command } from 'commander'
import { UsageError } from '../../terminal/usage-error.ts'

const ADVICE =
  'it runs in a clone of the project, which brings PostgreSQL and a sample: `git clone`, then `npm ci && npm start`'

/** `start` in the installed package, which holds the command alone. */
export function declare(command: Command): void {
  command
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', `\nNot in the installed package: ${ADVICE}.`)
    .action(() => {
      throw new UsageError(`start is not in the installed package: ${ADVICE}`)
    })
}
