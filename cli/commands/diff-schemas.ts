import { type Command, Option } from 'commander'
import type { GeometryStrategy } from '../../shared/adql/postgresql.ts'
import type { NameCase } from '../../shared/tables/lookup.ts'
import { FAILED } from '../terminal/exit-codes.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { BREAKING_HELP, FAIL_ON, type FailOn } from './describe-diff.ts'
import type { FilesDiff } from './diff-schemas/files-diff.ts'
import { addExamples } from './examples.ts'
import { addLoaderOptions, type LoaderFlags, readLoaderOptions } from './loader-options.ts'
import { addDatabaseOptions, type DatabaseFlags, requireDatabase } from './server/database-options.ts'

type FormatName = 'text' | 'json' | 'github' | 'markdown' | 'sql'

interface DiffSchemasFlags extends LoaderFlags, DatabaseFlags {
  readonly structure?: true
  readonly names: NameCase
  readonly geometry: GeometryStrategy | 'auto'
  readonly failOn?: FailOn
  readonly format?: FormatName
  readonly json?: true
}

const FORMATS: Readonly<Record<FormatName, (diff: FilesDiff) => Promise<string>>> = {
  text: async (diff) => (await import('./diff-schemas/format-text.ts')).formatText(diff),
  json: async (diff) => (await import('./diff-schemas/format-json.ts')).formatJson(diff),
  github: async (diff) => (await import('./diff-schemas/format-github.ts')).formatGithub(diff),
  markdown: async (diff) => (await import('./diff-schemas/format-markdown.ts')).formatMarkdown(diff),
  sql: async (diff) => (await import('./diff-schemas/format-sql.ts')).formatSql(diff),
}

export function declare(command: Command): void {
  command
    .argument(
      '<from>',
      'the schemas as they were: a Felis file, a folder, an archive, main:yml of git; - is standard input',
    )
    .argument('[to]', 'the schemas as they will be; without it, <from> is compared with the tables of --database')
    .option('--structure', 'compare also the tables of the database, and show the SQL that changes them')
  addDatabaseOptions(command)
    .addOption(
      new Option('--names <spelling>', 'names in the database: as the files write them, or in lower case')
        .choices(['exact', 'lower'])
        .default('exact'),
    )
    .addOption(
      new Option('--geometry <strategy>', 'with --database: what is to find positions there')
        .choices(['auto', 'portable', 'pgsphere', 'postgis'])
        .default('auto'),
    )
    .addOption(new Option('--fail-on <kind>', 'end with exit code 1 when there are such changes').choices(FAIL_ON))
    .addOption(
      new Option(
        '--format <name>',
        'for people, for programs, annotations of GitHub, for a comment, or the SQL alone (default: text)',
      ).choices(Object.keys(FORMATS)),
    )
    .option('--json', 'the same as --format json')
  addLoaderOptions(command, { postfix: false }).action(run)
  addExamples(
    command,
    [
      'diff-schemas main:yml/dp1.yaml yml/dp1.yaml',
      'diff-schemas --structure --format markdown origin/main:yml yml',
      'diff-schemas --fail-on breaking --json old/schemas.tar.gz yml/',
      'diff-schemas yml/dp1.yaml --database postgresql://alice@db/catalogue --format sql',
    ],
    [
      'What is compared is what TAP_SCHEMA would say, as `almagest diff` compares slots.',
      ...BREAKING_HELP,
      'schema_index, the place of a schema in its list, is compared with --first-schema-index only.',
      'With --structure also what the tables of the database would feel: types, nulls, defaults, keys, checks, indexes. There,',
      'a change is breaking when rows that are there can make it fail or are lost, or when writing them today fails after it.',
      'With --database the tables that are there are compared with those that <from> describes; nothing is changed.',
    ],
  )
}

async function run(from: string, to: string | undefined, flags: DiffSchemasFlags): Promise<void> {
  const format = chooseFormat(flags)
  endOnInterrupt()
  const diff = to === undefined ? await compareDatabase(from, flags) : await compareFiles(from, to, flags)
  process.stdout.write(await FORMATS[format](diff))
  const { failOn } = flags
  const changes = [...(diff.tapSchema?.changes ?? []), ...(diff.structure?.changes ?? [])]
  const isUnwanted = failOn === 'any' ? changes.length > 0 : changes.some(({ breaking }) => breaking)
  if (failOn !== undefined && isUnwanted) process.exitCode = FAILED
}

function chooseFormat({ format, json, structure, database, instance }: DiffSchemasFlags): FormatName {
  if (json && format !== undefined && format !== 'json') {
    throw new UsageError(`--json and --format ${format} exclude each other`)
  }
  if (format === 'sql' && structure !== true && database === undefined && instance === undefined) {
    throw new UsageError('--format sql is about the tables of the database: give --structure as well')
  }
  return json ? 'json' : (format ?? 'text')
}

async function compareFiles(from: string, to: string, flags: DiffSchemasFlags): Promise<FilesDiff> {
  const { database, instance, structure = false, names } = flags
  if (database !== undefined || instance !== undefined) {
    throw new UsageError('two sides are named, and a database: give one file with --database, or two without')
  }
  const { compareSchemas } = await import('./diff-schemas/compare-schemas.ts')
  return compareSchemas(from, to, {
    loader: readLoaderOptions({ firstSchemaIndex: 'none', ...flags }),
    structure,
    names,
  })
}

async function compareDatabase(path: string, flags: DiffSchemasFlags): Promise<FilesDiff> {
  const { names, geometry } = flags
  const target = requireTarget(flags)
  const { compareWithDatabase } = await import('./diff-schemas/compare-with-database.ts')
  return compareWithDatabase(path, target, { names, geometry })
}

function requireTarget(flags: DiffSchemasFlags) {
  try {
    return requireDatabase(flags)
  } catch (error) {
    if (flags.database !== undefined || flags.instance !== undefined || !(error instanceof UsageError)) throw error
    throw new UsageError('there is nothing to compare with: name a second file or folder, or give --database', error)
  }
}
