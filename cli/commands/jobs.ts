import { type Command, InvalidArgumentError } from 'commander'
import { addExamples } from './examples.ts'
import type { JobsFlags, ListFlags, ShareFlags } from './jobs/run.ts'
import { parseInteger, parseList, parseText } from './parsers.ts'
import { addServiceOptions } from './service-options.ts'

export function declare(command: Command): void {
  addAccess(command.command('list'))
    .summary('your jobs, or with --environment those of everybody')
    .option('--phase <name...>', 'only those in these phases: EXECUTING, COMPLETED …', parseList)
    .option('--owner <name>', 'only those of this user (with --environment)', parseText)
    .option('--after <time>', 'only those made later: 2026-11-27T12:00Z', parseTime)
    .option('--last <n>', 'so many at most, the newest', parseLast, 50)
    .action(async (flags: ListFlags) => (await commands()).list(flags))
  addAccess(command.command('show'))
    .summary('all that is known of a job')
    .argument('<id>', 'the id of the job', parseText)
    .action(async (id: string, flags: JobsFlags) => (await commands()).show(id, flags))
  addAccess(command.command('abort'))
    .summary('end a job; its query is cancelled')
    .argument('<id>', 'the id of the job', parseText)
    .action(async (id: string, flags: JobsFlags) => (await commands()).abort(id, flags))
  addAccess(command.command('delete'))
    .summary('delete a job with its result')
    .argument('<id>', 'the id of the job', parseText)
    .action(async (id: string, flags: JobsFlags) => (await commands()).remove(id, flags))
  addAccess(command.command('share'))
    .summary('let others read a job and its result')
    .argument('<id>', 'the id of the job', parseText)
    .option('--user <name...>', 'these users', parseList)
    .option('--group <name...>', 'these groups', parseList)
    .option('--until <time>', 'until then; without it as long as the job is there', parseTime)
    .option('--remove', 'they may not read it any more')
    .action(async (id: string, flags: ShareFlags) => (await commands()).share(id, flags))
  addExamples(
    command,
    [
      'jobs list --url https://data.example.org/tap --phase EXECUTING',
      'jobs show 0f3c… --url https://data.example.org/tap',
      'jobs list --environment environment.yaml --owner ann --json',
      'jobs abort 0f3c… --environment environment.yaml',
      'jobs share 0f3c… --user bob --group g_survey --until 2026-12-31',
    ],
    [
      'Without --environment the service is asked, as the user of --token. With it the tables of jobs are read and changed',
      'by the login of the environment file, which must be one that may work with jobs (init --jobs-user).',
    ],
  )
}

const commands = () => import('./jobs/run.ts')

function addAccess(command: Command): Command {
  return addServiceOptions(command)
    .option('--environment <file>', 'environment file of an operator, in place of --url', parseText)
    .option('--server <name>', 'one TAP server of the environment; without it all that have jobs', parseText)
    .option('--json', 'print one JSON document')
}

function parseLast(value: string): number {
  return parseInteger(value, 1, 10_000, 'a whole number from 1 to 10000')
}

function parseTime(value: string): Date {
  const isTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?$/.test(value)
  const time = new Date(/T.*[^Z]$/.test(value) ? `${value}Z` : value)
  if (isTime && !Number.isNaN(time.getTime())) return time
  throw new InvalidArgumentError('It must be a time in UTC, such as 2026-11-27 or 2026-11-27T12:00Z.')
}
