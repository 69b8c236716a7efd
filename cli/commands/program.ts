import { Command, CommanderError } from 'commander'
import { VERSION } from '../../shared/version.ts'
import { OK, USAGE } from '../terminal/exit-codes.ts'
import { guardOutput, writeError } from '../terminal/output.ts'
import { reportFailure, reportUsage } from '../terminal/report-failure.ts'
import { spell } from '../terminal/spelling.ts'
import { COMMANDS } from './table.ts'

/**
 * Runs `almagest` with the given arguments and says with which code the process shall end: 0 ok, 1 the operation failed
 * or problems were found, 2 wrong usage. It throws nothing.
 */
export async function runAlmagest(args: readonly string[]): Promise<number> {
  guardOutput()
  const json = args.includes('--json')
  const [first] = args
  const command = COMMANDS.some(({ name }) => name === first) ? first : undefined
  try {
    const program = await buildProgram(args, json)
    await program.parseAsync([...placeEnvironment(args)], { from: 'user' })
    return Number(process.exitCode ?? OK)
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(error, { json, args, command })
    if (error.exitCode === 0) return OK
    // Without a command there is nothing wrong to name: commander has shown the help instead.
    if (error.code !== 'commander.help') reportUsage(error.message, { json, args, command })
    return USAGE
  }
}

/** `--environment FILE` where the command has the file as an argument: one spelling fits all commands. */
function placeEnvironment(args: readonly string[]): readonly string[] {
  const { environmentAt } = COMMANDS.find(({ name }) => name === args[0]) ?? {}
  const option = args.findIndex((arg) => /^--environment(=|$)/.test(arg))
  if (environmentAt === undefined || option === -1) return args
  const [, joined] = /^--environment=(.*)$/.exec(args[option] ?? '') ?? []
  const value = joined ?? args[option + 1]
  if (value === undefined) return args
  const rest = args.toSpliced(option, joined === undefined ? 2 : 1)
  return rest.toSpliced(environmentAt, 0, value)
}

async function buildProgram(args: readonly string[], json: boolean): Promise<Command> {
  const program = new Command('almagest')
    .description('TAP_SCHEMA releases for IVOA TAP services: stage, swap, roll back, compare')
    .version(VERSION)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeErr: json ? () => {} : writeError, outputError: () => {} })
    .configureHelp({ commandUsage: spellUsage })
    .addHelpText('after', EXAMPLES)
  for (const { name, summary, load } of COMMANDS) {
    const command = program
      .command(name)
      .summary(summary)
      .description(`${sentence(summary)}.`)
    if (args.includes(name)) (await load()).declare(command, COMMANDS)
  }
  return program
}

/** `npm start -- [options]`, where that is how it is typed. */
function spellUsage(command: Command): string {
  const names = command.parent === null ? [] : [...parentsOf(command), command.name()]
  return spell([...names, command.usage()].join(' '))
}

/** The commands that one is part of, without the program itself. */
function parentsOf({ parent }: Command): readonly string[] {
  return parent === null || parent.parent === null ? [] : [...parentsOf(parent), parent.name()]
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}`
}

const EXAMPLES = `
Examples:
  $ ${spell('rows schemas/dp2.yaml')}
  $ ${spell('stage')} --database postgresql://loader@db/tap --version releases/w.2026.34 --schemas dp2 schemas.tar.gz
  $ ${spell('help swap')}

Exit codes: 0 ok, 1 problems found or the operation failed, 2 wrong usage.
ALMAGEST_DATABASE_URL stands in for --database; for a Cloud SQL instance ALMAGEST_INSTANCE, ALMAGEST_DATABASE,
ALMAGEST_IP_TYPE and ALMAGEST_USER stand in for the options. ALMAGEST_TAP_URL names the TAP service of query.
ALMAGEST_DEBUG=1 shows stacks.`
