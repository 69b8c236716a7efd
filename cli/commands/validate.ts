import { type Command, Option } from 'commander'
import type { Check } from '../../shared/felis/context.ts'
import { escapeJson } from '../../shared/printable.ts'
import { addIdGeneration, type IdFlags } from '../felis-files/id-generation.ts'
import type { Validation } from '../felis-files/validate-files.ts'
import { FAILED, USAGE } from '../terminal/exit-codes.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { terminalWidth } from '../terminal/table.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { addExamples } from './examples.ts'
import { addLoaderOptions, type LoaderFlags, readLoaderOptions } from './loader-options.ts'

type FormatName = 'text' | 'github' | 'sarif' | 'json'

interface ValidateFlags extends LoaderFlags, IdFlags {
  readonly checkDescription?: true
  readonly checkRedundantDatatypes?: true
  readonly checkTapTableIndexes?: true
  readonly checkTapPrincipal?: true
  readonly checkSet: boolean
  readonly strict?: true
  readonly format?: FormatName
  readonly json?: true
}

const CHECKS: readonly (readonly [flag: keyof ValidateFlags, check: Check])[] = [
  ['checkDescription', 'description'],
  ['checkRedundantDatatypes', 'redundant-datatypes'],
  ['checkTapTableIndexes', 'tap-table-indexes'],
  ['checkTapPrincipal', 'tap-principal'],
]

const FORMATS: Readonly<Record<FormatName, (validation: Validation) => Promise<string> | string>> = {
  text: async (validation) => {
    const { formatText } = await import('../felis-files/format-text.ts')
    return formatText(validation, process.stdout.isTTY ? { width: terminalWidth() ?? 80 } : null)
  },
  github: async (validation) => (await import('../felis-files/format-github.ts')).formatGithub(validation),
  sarif: async (validation) => (await import('../felis-files/format-sarif.ts')).formatSarif(validation),
  json: ({ reports }) => `${escapeJson(JSON.stringify(reports, null, 2))}\n`,
}

export function declare(command: Command): void {
  command
    .argument('<path...>', 'Felis YAML files, folders of them, release archives; - is standard input')
    .option('--check-description', 'everything must have a description')
    .option('--check-redundant-datatypes', 'mysql:datatype and postgresql:datatype must differ from the default')
    .option('--check-tap-table-indexes', 'every table must have a tap:table_index of its own')
    .option('--check-tap-principal', 'every table must have a column with tap:principal')
    .option('--no-check-set', 'the files are not meant for one TAP server: names may collide')
  addLoaderOptions(addIdGeneration(command), { postfix: false })
    .option('--strict', 'warnings fail, too')
    .addOption(
      new Option('--format <name>', 'for people, GitHub Actions, or programs (default: text)').choices(
        Object.keys(FORMATS),
      ),
    )
    .option('--json', 'the same as --format json')
    .action(run)
  addExamples(
    command,
    [
      'validate schemas/dp1.yaml',
      'validate --check-redundant-datatypes --strict --format github yml/',
      'validate --json schemas.tar.gz',
    ],
    [
      'All files are tried, and then checked together, as the schemas of one TAP server. What `rows` and `stage` would',
      'refuse with the same options, and Felis does not, is a warning.',
      'A folder stands for every .yaml file in it and in its folders; if it holds schemas.tar.gz or a clone of a schemas',
      'repository, for the schemas of that. Resources are looked up beside the file that names them.',
      'JSON: [{file, ok, problems: [{file, line, column, path, code, severity, message, suggestion, chain}]}].',
    ],
  )
}

async function run(paths: readonly string[], flags: ValidateFlags): Promise<void> {
  if (flags.json && flags.format !== undefined && flags.format !== 'json') {
    throw new UsageError(`--json and --format ${flags.format} exclude each other`)
  }
  endOnInterrupt()
  const { findSchemas } = await import('../felis-files/find-schemas.ts')
  const { validateFiles } = await import('../felis-files/validate-files.ts')
  const checks = new Set(CHECKS.filter(([flag]) => flags[flag] === true).map(([, check]) => check))
  const found = await findSchemas(paths)
  const validation = validateFiles(found, {
    loader: readLoaderOptions(flags),
    idGeneration: flags.idGeneration,
    checks,
    strict: flags.strict === true,
    together: flags.checkSet,
  })
  process.stdout.write(await FORMATS[flags.json ? 'json' : (flags.format ?? 'text')](validation))
  if (found.lost.some(({ isUsage }) => isUsage)) process.exitCode = USAGE
  else if (validation.reports.some(({ ok }) => !ok)) process.exitCode = FAILED
}
