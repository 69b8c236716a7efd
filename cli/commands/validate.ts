import { type Command, Option } from 'commander'
import type { Check } from '../../shared/felis/context.ts'
import { escapeJson } from '../../shared/printable.ts'
import type { Together } from '../felis-files/check-sets.ts'
import { addIdGeneration, type IdFlags } from '../felis-files/id-generation.ts'
import type { Validation } from '../felis-files/validate-files.ts'
import { FAILED, USAGE } from '../terminal/exit-codes.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { writeNote } from '../terminal/output.ts'
import { terminalWidth } from '../terminal/table.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { addExamples } from './examples.ts'
import { addLoaderOptions, type LoaderFlags, readLoaderOptions } from './loader-options.ts'
import { parseText } from './parsers.ts'

type FormatName = 'text' | 'github' | 'sarif' | 'junit' | 'json'

interface ValidateFlags extends LoaderFlags, IdFlags {
  readonly checkDescription?: true
  readonly checkRedundantDatatypes?: true
  readonly checkTapTableIndexes?: true
  readonly checkTapPrincipal?: true
  readonly checkSet: boolean
  readonly together?: true
  readonly environment?: string
  readonly quiet?: true
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

type Format = (validation: Validation, quiet: boolean) => Promise<string> | string

const FORMATS: Readonly<Record<FormatName, Format>> = {
  text: async (validation, quiet) => {
    const { formatText } = await import('../felis-files/format-text.ts')
    return formatText(validation, process.stdout.isTTY ? { width: terminalWidth() ?? 80 } : null, quiet)
  },
  github: async (validation, quiet) =>
    (await import('../felis-files/format-github.ts')).formatGithub(validation, quiet),
  junit: async (validation) => (await import('../felis-files/format-junit.ts')).formatJunit(validation),
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
    .option('--together', 'all files are for one TAP server: names that they share are told')
    .option('--environment <file>', 'so are those that a TAP server of this environment file loads', parseText)
    .option('--no-check-set', 'do not look for names that files share')
  addLoaderOptions(addIdGeneration(command), { postfix: false })
    .option('--strict', 'warnings fail, too')
    .option('-q, --quiet', 'print nothing of files that are right, and no summary')
    .addOption(
      new Option(
        '--format <name>',
        'for people, GitHub Actions, code scanning, test reports, or programs (default: text)',
      ).choices(Object.keys(FORMATS)),
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
      'All files are tried. What `rows` and `stage` would refuse with the same options, and Felis does not, is a warning.',
      'Keys and schemas that several files have are told for files that one TAP server serves, and counted otherwise.',
      'A folder stands for the .yaml files that `publish` takes of it: those in it, else those of a checkout; else for the',
      'schemas of its schemas.tar.gz, or for every .yaml file below it. Resources are looked up beside the file that names them.',
      'JSON: [{file, ok, problems: [{file, line, column, path, code, severity, message, suggestion, chain}]}].',
    ],
  )
}

/** Silence would look like a verdict on them. */
function noteLeftOut(paths: readonly string[]): void {
  const [first] = paths
  if (first === undefined) return
  const more = paths.length === 1 ? '' : ` and ${paths.length - 1} more`
  writeNote(`not looked at, as publish leaves them out: ${first}${more}; name their folder to check them`)
}

/** Formats of which nothing is a whole answer. */
const FOR_READERS: readonly FormatName[] = ['text', 'github']

async function chooseTogether({ together, environment, checkSet }: ValidateFlags): Promise<Together> {
  if (together && environment !== undefined) throw new UsageError('--together and --environment exclude each other')
  if (!checkSet && (together || environment !== undefined)) {
    throw new UsageError('--no-check-set looks for nothing: leave out --together and --environment')
  }
  if (!checkSet) return { kind: 'none' }
  if (environment === undefined) return { kind: together ? 'all' : 'unsaid' }
  const { loadEnvironment } = await import('../../shared/deployment/environment-file.ts')
  const { openLogger } = await import('./publish/open-location.ts')
  const { servers } = await loadEnvironment(openLogger(), environment)
  return { kind: 'servers', servers: [...servers.values()] }
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
    together: await chooseTogether(flags),
  })
  const format = flags.json ? 'json' : (flags.format ?? 'text')
  const isSilent = flags.quiet === true && validation.reports.every(({ problems }) => problems.length === 0)
  if (!(isSilent && FOR_READERS.includes(format)))
    process.stdout.write(await FORMATS[format](validation, flags.quiet === true))
  if (format === 'text' && flags.quiet !== true) noteLeftOut(found.leftOut)
  if (found.lost.some(({ isUsage }) => isUsage)) process.exitCode = USAGE
  else if (validation.reports.some(({ ok }) => !ok)) process.exitCode = FAILED
}
