import { showControls } from '../../../shared/printable.ts'
import { formatCaret } from '../../terminal/caret.ts'
import { style } from '../../terminal/style.ts'
import { formatTable, terminalWidth } from '../../terminal/table.ts'
import type { QueryError, Verdict, VerdictColumn } from './judge.ts'

const NARROW = 100

/** For people: the error with its line and a caret, or the columns of the result. */
export function formatVerdict(text: string, { error, columns, sql, warning, extensions = [] }: Verdict): string {
  if (error !== undefined) return formatError(text, error)
  const beyond =
    extensions.length === 0 ? [] : [`beyond ADQL 2.1, other services may refuse it: ${extensions.join(', ')}`]
  const lines = columns === undefined ? ['without metadata, names and types were not checked'] : formatColumns(columns)
  const statement = sql === undefined ? [] : ['', showControls(sql)]
  const slow = warning === undefined ? [] : [`${style(['bold', 'yellow'], 'warning')}: ${showControls(warning)}`]
  return [style('bold', 'valid'), ...slow, ...beyond, ...lines, ...statement].join('\n')
}

function formatError(text: string, error: QueryError): string {
  const line = text.split(/\r\n|\r|\n/)[error.line - 1] ?? ''
  return [
    `${style(['bold', 'red'], 'error')}: line ${error.line}, column ${error.column}: ${showControls(error.message)}`,
    ...formatCaret(line, error, terminalWidth() ?? NARROW),
  ].join('\n')
}

function formatColumns(columns: readonly VerdictColumn[]): string[] {
  const cells = columns.map(({ name, datatype, arraysize, xtype, unit, ucd, origin }) => [
    name,
    `${datatype}${arraysize === undefined ? '' : `[${arraysize}]`}`,
    xtype ?? null,
    unit ?? null,
    ucd ?? null,
    origin === undefined ? null : `${origin.table}.${origin.column}`,
  ])
  return formatTable(['name', 'type', 'xtype', 'unit', 'ucd', 'from'], cells, { width: terminalWidth() })
}
