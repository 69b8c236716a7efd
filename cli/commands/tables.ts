import type { Command } from 'commander'
import { addExamples } from './examples.ts'
import { parseList, parseMaxrec, parseText } from './parsers.ts'
import { addServiceOptions } from './service-options.ts'
import type { DescribeFlags, IndexFlags, SaveFlags, ShareFlags, TablesFlags } from './tables/run.ts'

export function declare(command: Command): void {
  addAccess(command.command('list'))
    .summary('tables that you keep at a service, and those that are shared with you')
    .action(async (flags: TablesFlags) => (await commands()).list(flags))
  addAccess(command.command('create'))
    .summary('create a table with the rows of a file')
    .argument('<name>', 'the name of the table', parseText)
    .argument('<file>', 'CSV, TSV or VOTable; or a VOSI description (.xml), which has no rows', parseText)
    .action(async (name: string, file: string, flags: TablesFlags) => (await commands()).create(name, file, flags))
  addAccess(command.command('save'))
    .summary('create a table of the result of a query, or of a finished job')
    .argument('<name>', 'the name of the table', parseText)
    .argument('[adql]', 'the query', parseText)
    .option('--job <id>', 'the job whose result is saved', parseText)
    .option('--maxrec <rows>', 'save at most so many rows', parseMaxrec)
    .action(async (name: string, adql: string | undefined, flags: SaveFlags) =>
      (await commands()).save(name, adql, flags),
    )
  addAccess(command.command('describe'))
    .summary('change what is said of a table or of one of its columns; an empty text takes it away')
    .argument('<name>', 'the name of the table', parseText)
    .argument('[file]', 'all of it as a VOSI description, as /tables/NAME has it', parseText)
    .option('--column <name>', 'what follows is said of this column', parseText)
    .option('--description <text>')
    .option('--unit <unit>')
    .option('--ucd <ucd>')
    .option('--utype <utype>')
    .action(async (name: string, file: string | undefined, flags: DescribeFlags) =>
      (await commands()).describe(name, file, flags),
    )
  addAccess(command.command('load'))
    .summary('append the rows of a file: CSV, TSV or VOTable')
    .argument('<name>', 'the name of the table', parseText)
    .argument('<file>', 'the file', parseText)
    .action(async (name: string, file: string, flags: TablesFlags) => (await commands()).load(name, file, flags))
  addAccess(command.command('index'))
    .summary('make an index on a column')
    .argument('<name>', 'the name of the table', parseText)
    .argument('<column>', 'the name of the column', parseText)
    .option('--unique', 'no value may come twice')
    .action(async (name: string, column: string, flags: IndexFlags) => (await commands()).index(name, column, flags))
  addAccess(command.command('share'))
    .summary('let others read a table, or load it')
    .argument('<name>', 'the name of the table', parseText)
    .option('--user <name...>', 'these users', parseList)
    .option('--group <name...>', 'these groups', parseList)
    .option('--until <time>', 'until then, in UTC: 2026-12-31 or 2026-12-31T12:00:00Z', parseText)
    .option('--write', 'they may also load rows into it')
    .option('--remove', 'they may not read it any more')
    .action(async (name: string, flags: ShareFlags) => (await commands()).share(name, flags))
  addAccess(command.command('drop'))
    .summary('drop a table with its rows and shares')
    .argument('<name>', 'the name of the table', parseText)
    .action(async (name: string, flags: TablesFlags) => (await commands()).drop(name, flags))
  addExamples(command, [
    'tables create targets targets.csv --url https://data.example.org/tap',
    'tables save bright "SELECT TOP 100 * FROM survey.object ORDER BY mag"',
    'tables save bright --job 0123456789abcdef0123456789abcdef',
    'tables describe targets --column ra --unit deg --ucd "pos.eq.ra;meta.main"',
    'tables load targets more.csv',
    'tables index targets ra',
    'tables share targets --user bob --group g_survey --until 2026-12-31',
    'tables share targets --user bob --write',
    'tables list --json',
    'tables drop targets',
  ])
}

const commands = () => import('./tables/run.ts')

function addAccess(command: Command): Command {
  return addServiceOptions(command).option('--json', 'print one JSON document')
}
