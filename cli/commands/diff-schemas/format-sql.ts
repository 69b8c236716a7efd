import { showControlsInLines } from '../../../shared/printable.ts'
import type { FilesDiff } from './files-diff.ts'

/** The statements that change the tables, in an order that works, as one transaction. */
export function formatSql({ structure }: FilesDiff): string {
  const statements = structure?.statements ?? []
  if (statements.length === 0) return '-- nothing to change\n'
  const lines = ['begin', ...statements, 'commit'].map((sql) => `${sql};\n`)
  return showControlsInLines(lines.join(''))
}
