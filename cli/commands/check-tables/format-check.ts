import { showControls } from '../../../shared/printable.ts'
import { style } from '../../terminal/style.ts'
import { formatTable, terminalWidth } from '../../terminal/table.ts'
import type { ServerCheck } from './check-server.ts'

/** For people: what was compared, and a line for each finding. */
export function formatCheck({ server, version, geometry, tables, columns, readers, findings }: ServerCheck): string {
  const what = `${server === null ? '' : `${server}: `}${version}, ${count(tables, 'table')}, ${count(columns, 'column')}`
  const roles = readers.length === 0 ? 'nobody in particular' : readers.join(', ')
  const heading = showControls(`${what}; positions by ${geometry}, read by ${roles}`)
  if (findings.length === 0) return `${heading}\n${style('green', 'TAP_SCHEMA and the tables agree')}`
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const rows = findings.map(({ severity, table, column, message }) => [severity, table, column ?? '', message])
  return [
    heading,
    ...formatTable(['', 'table', 'column', 'what'], rows, { width: terminalWidth() }),
    `${count(errors, 'error')}, ${count(findings.length - errors, 'warning')}`,
  ].join('\n')
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
