import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { escapeJson } from '../../shared/printable.ts'
import type { LoaderOptions } from '../../shared/tap-schema/options.ts'
import { TAP_TABLE_NAMES, type TapSchemaRows, type TapTableName } from '../../shared/tap-schema/tables.ts'
import type { SortedRows } from '../felis-files/sort-rows.ts'
import { withFileErrors } from '../terminal/file-error.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { style } from '../terminal/style.ts'
import { formatTable, terminalWidth } from '../terminal/table.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { writeOutput } from '../terminal/write-output.ts'
import { addExamples } from './examples.ts'
import { addLoaderOptions, type LoaderFlags, readLoaderOptions } from './loader-options.ts'
import { parseText } from './parsers.ts'

type FormatName = 'text' | 'json' | 'csv' | 'sql'

interface RowsFlags extends LoaderFlags {
  readonly format?: FormatName
  readonly json?: true
  readonly table?: TapTableName
  readonly tapSchemaName: string
  readonly output?: string
}

const FORMATS: readonly FormatName[] = ['text', 'json', 'csv', 'sql']

export function declare(command: Command): void {
  command.argument('<file...>', 'Felis YAML files, in the order of schema_index; - is standard input')
  addLoaderOptions(command, { postfix: true })
    .addOption(
      new Option(
        '--format <name>',
        'for people, for programs, or SQL that fills an empty TAP_SCHEMA (default: text)',
      ).choices(FORMATS),
    )
    .option('--json', 'the same as --format json')
    .addOption(new Option('--table <name>', 'with --format csv: the table that is wanted').choices(TAP_TABLE_NAMES))
    .option('--tap-schema-name <name>', 'with --format sql: the schema of its tables', parseText, 'tap_schema')
    .option(
      '-o, --output <path>',
      'write into this file; with --format csv and no --table, five files into this folder',
      parseText,
    )
    .action(run)
  addExamples(
    command,
    [
      'rows schemas/dp2.yaml',
      'rows --profile plain --json schemas/dp2.yaml schemas/ivoa_obscore.yaml',
      'rows --format sql --output tap_schema.sql schemas/dp2.yaml',
      'rows --format csv --table columns schemas/dp2.yaml',
    ],
    [
      'Resources are looked up beside each file. Rows are those of a whole TAP_SCHEMA, with its description of itself.',
      'JSON: {table: {columns: [name, …], rows: [[value, …], …]}}, sorted by primary key.',
      'SQL is for PostgreSQL, and for tables that are there: those of `almagest stage`, or of the same --profile elsewhere.',
    ],
  )
}

async function run(paths: readonly string[], flags: RowsFlags): Promise<void> {
  const format = chooseFormat(flags)
  endOnInterrupt()
  const { computeRows } = await import('../felis-files/compute-rows.ts')
  const { sortRows } = await import('../felis-files/sort-rows.ts')
  const { writeProblems } = await import('../terminal/report-failure.ts')
  const options = readLoaderOptions(flags)
  const { rows, warnings } = await computeRows(paths, options)
  writeProblems(warnings)
  if (format === 'sql') return writeSql(rows, options, flags)
  const sorted = sortRows(rows, options)
  if (format === 'csv') return writeCsv(sorted, flags)
  const text = format === 'json' ? `${escapeJson(JSON.stringify(sorted, null, 2))}\n` : `${formatRows(sorted)}\n`
  await writeOutput(text, flags.output)
}

function chooseFormat({ format, json, table, output }: RowsFlags): FormatName {
  if (json && format !== undefined && format !== 'json') {
    throw new UsageError(`--json and --format ${format} exclude each other`)
  }
  if (table !== undefined && format !== 'csv') throw new UsageError('--table is for --format csv')
  if (format === 'csv' && table === undefined && output === undefined) {
    throw new UsageError(
      `CSV holds one table: name it with --table (${TAP_TABLE_NAMES.join(', ')}), or give --output and a folder for all`,
    )
  }
  return json ? 'json' : (format ?? 'text')
}

async function writeSql(rows: TapSchemaRows, options: LoaderOptions, flags: RowsFlags): Promise<void> {
  const { formatSql } = await import('./rows/format-sql.ts')
  await writeOutput(formatSql(rows, flags.tapSchemaName, options), flags.output)
}

async function writeCsv(sorted: SortedRows, { table, output }: RowsFlags): Promise<void> {
  const { formatCsv } = await import('./rows/format-csv.ts')
  if (table !== undefined) return writeOutput(formatCsv(sorted[table]), output)
  const folder = output ?? '.'
  await withFileErrors(folder, () => mkdir(folder, { recursive: true }))
  for (const name of TAP_TABLE_NAMES) await writeOutput(formatCsv(sorted[name]), join(folder, `${name}.csv`))
}

/** A table for each table; on a terminal in its width, elsewhere whole. Columns without any value are only named. */
function formatRows(sorted: SortedRows): string {
  const blocks = TAP_TABLE_NAMES.map((name) => {
    const { columns, rows } = sorted[name]
    const filled = columns.map((_, index) => rows.some((row) => (row[index] ?? null) !== null))
    const shown = columns.filter((_, index) => filled[index])
    const cells = rows.map((row) => row.filter((_, index) => filled[index]))
    const empty = columns.filter((_, index) => !filled[index])
    const size = rows.length === 1 ? '1 row' : `${rows.length} rows`
    const heading = `tap_schema.${name} (${[size, ...(empty.length > 0 ? [`null: ${empty.join(', ')}`] : [])].join('; ')})`
    return [style('bold', heading), ...formatTable(shown, cells, { width: terminalWidth() })]
  })
  return blocks.map((lines) => lines.join('\n')).join('\n\n')
}
