import type { Command } from 'commander'
import { addExamples } from './examples.ts'
import type { CreateGroupFlags, GroupFlags } from './groups/run.ts'
import { parseText } from './parsers.ts'
import { addServiceOptions } from './service-options.ts'

export function declare(command: Command): void {
  addAccess(command.command('list'))
    .summary('groups that you have made, and those that you are in')
    .action(async (flags: GroupFlags) => (await commands()).list(flags))
  addAccess(command.command('create'))
    .summary('make a group')
    .argument('<name>', 'its name', parseText)
    .argument('[members...]', 'users who are to be in it')
    .option('--description <text>', 'what it is for')
    .action(async (name: string, members: readonly string[], flags: CreateGroupFlags) =>
      (await commands()).create(name, members, flags),
    )
  addAccess(command.command('add'))
    .summary('put users into a group')
    .argument('<name>', 'its name', parseText)
    .argument('<members...>', 'the users')
    .action(async (name: string, members: readonly string[], flags: GroupFlags) =>
      (await commands()).add(name, members, flags),
    )
  addAccess(command.command('remove'))
    .summary('take users out of a group')
    .argument('<name>', 'its name', parseText)
    .argument('<members...>', 'the users')
    .action(async (name: string, members: readonly string[], flags: GroupFlags) =>
      (await commands()).remove(name, members, flags),
    )
  addAccess(command.command('drop'))
    .summary('remove a group: what is shared with it is so no longer')
    .argument('<name>', 'its name', parseText)
    .action(async (name: string, flags: GroupFlags) => (await commands()).drop(name, flags))
  addExamples(command, [
    'groups create friends bob eve --url https://data.example.org/tap',
    'tables share targets --group ann/friends',
    'groups remove friends eve',
    'groups list --json',
    'groups drop friends',
  ])
}

const commands = () => import('./groups/run.ts')

function addAccess(command: Command): Command {
  return addServiceOptions(command).option('--json', 'print one JSON document')
}
