import type { Command } from 'commander'
import { TAP_TABLE_NAMES } from '../../shared/tap-schema/tables.ts'
import type { SortedRows } from '../felis-files/sort-rows.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeResult } from '../terminal/output.ts'
import { style } from '../terminal/style.ts'
import { formatTable, terminalWidth } from '../terminal/table.ts'
import { addExamples } from './examples.ts'
import { addLoaderOptions, type LoaderFlags, readLoaderOptions } from './loader-options.ts'

interface RowsFlags extends LoaderFlags, OutputOptions {}

export function declare(command: Command): void {
  command.argument('<file...>', 'Felis YAML files, in the order of schema_index; - is standard input')
  addLoaderOptions(command, { postfix: false }).option('--json', 'print one JSON document').action(run)
  addExamples(
    command,
    ['rows schemas/dp2.yaml', 'rows --profile plain --json schemas/dp2.yaml schemas/ivoa_obscore.yaml'],
    [
      'Resources are looked up beside each file. Rows are those of a whole TAP_SCHEMA, with its description of itself.',
      'JSON: {table: {columns: [name, …], rows: [[value, …], …]}}, sorted by primary key.',
    ],
  )
}

async function run(paths: readonly string[], flags: RowsFlags): Promise<void> {
  endOnInterrupt()
  const { computeRows } = await import('../felis-files/compute-rows.ts')
  const { sortRows } = await import('../felis-files/sort-rows.ts')
  const { writeProblems } = await import('../terminal/report-failure.ts')
  const options = readLoaderOptions(flags)
  const { rows, warnings } = await computeRows(paths, options)
  writeProblems(warnings)
  writeResult(sortRows(rows, options), flags, formatRows)
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
