import { type Command, InvalidArgumentError } from 'commander'
import { addExamples } from './examples.ts'
import type { CreateFlags, ServerFlags } from './notifications/change.ts'
import { parseInteger, parseText } from './parsers.ts'

const SERVER = 'the TAP server; without it, every one that has jobs'

export function declare(command: Command): void {
  command
    .command('list')
    .summary('list the messages that users see now')
    .argument('<environment>', 'environment file')
    .option('--server <name>', SERVER, parseText)
    .option('--json', 'print one JSON document')
    .action(async (file: string, flags: ServerFlags) => (await change()).list(file, flags))
  command
    .command('create')
    .summary('show users a message for a while')
    .argument('<environment>', 'environment file')
    .argument('<message>', 'one or two sentences', parseText)
    .option('--server <name>', SERVER, parseText)
    .option('--user <name>', 'only this user; without it, all users', parseText)
    .option('--kind <word>', 'what it is about, one word for programs', parseKind, 'maintenance')
    .option('--days <number>', 'how long it is shown', parseDays, 7)
    .option('--json', 'print one JSON document')
    .action(async (file: string, message: string, flags: CreateFlags) => (await change()).create(file, message, flags))
  command
    .command('remove')
    .summary('remove a message')
    .argument('<environment>', 'environment file')
    .argument('<id>', 'its number, as list shows it')
    .option('--server <name>', SERVER, parseText)
    .option('--json', 'print one JSON document')
    .action(async (file: string, id: string, flags: ServerFlags) => (await change()).remove(file, id, flags))
  addExamples(
    command,
    [
      'notifications create environment.yaml "Closed on Monday from 8 to 10 UTC." --days 3',
      'notifications create environment.yaml "Your table is ready." --server tap --user ann --kind tables',
      'notifications list environment.yaml --json',
      'notifications remove environment.yaml 17',
    ],
    [
      'Users read them at /notifications of the TAP service. The login of the environment file must be one that may work',
      'with jobs (init --jobs-user). Events about them are published by watch-queries, within a minute.',
    ],
  )
}

const change = () => import('./notifications/change.ts')

function parseKind(value: string): string {
  if (/^[a-z][a-z0-9-]{0,39}$/.test(value)) return value
  throw new InvalidArgumentError('It must be a word of a-z, 0-9 and "-", at most 40 characters.')
}

function parseDays(value: string): number {
  return parseInteger(value, 1, 365, 'a number of days from 1 to 365')
}
