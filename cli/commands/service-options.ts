import type { Command } from 'commander'
import { parseServiceUrl } from './parsers.ts'
import { TOKEN_VARIABLE } from './server/options.ts'

/** Which TAP service is asked, and as whom. */
export function addServiceOptions(command: Command): Command {
  return command
    .option(
      '--url <url>',
      'address of the TAP service (default: ALMAGEST_TAP_URL, else what `npm start` runs)',
      parseServiceUrl,
    )
    .option('--token <token>', `for services that ask who you are (default: ${TOKEN_VARIABLE})`)
}
