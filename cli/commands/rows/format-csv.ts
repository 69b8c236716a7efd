import type { TapRow } from '../../../shared/tap-schema/tables.ts'
import type { TableRows } from '../../felis-files/sort-rows.ts'

/** One table as CSV (RFC 4180) under the names of its columns; null is nothing, and an empty text is `""`. */
export function formatCsv({ columns, rows }: TableRows): string {
  return [columns, ...rows].map((row) => `${row.map(cellOf).join(',')}\r\n`).join('')
}

function cellOf(value: TapRow[number]): string {
  if (value === null) return ''
  const text = String(value)
  return text === '' || /[",\r\n]/.test(text) || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text
}
