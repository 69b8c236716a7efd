import { escapeJson } from '../../../shared/printable.ts'
import type { FilesDiff } from './files-diff.ts'

/** The document of `--json`: that of `almagest diff`, with the structure where it was compared. */
export function formatJson({ from, to, tapSchema, structure, outside, others }: FilesDiff): string {
  const document = {
    from,
    to,
    ...(tapSchema !== null && { breaking: tapSchema.breaking, changes: tapSchema.changes }),
    ...(structure === null && outside > 0 && { outsideTapSchema: outside }),
    ...(structure !== null && { structure }),
    ...(others.length > 0 && { others }),
  }
  return `${escapeJson(JSON.stringify(document, null, 2))}\n`
}
