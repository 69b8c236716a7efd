import type { LoadedSchema } from '../felis/load.ts'
import { below, type Draft } from '../felis/location.ts'
import type { Problem } from '../problem.ts'

/** Felis takes a schema without tables and a table without columns; a TAP service cannot show either. */
export function findEmptyParts({ schema, place }: LoadedSchema): readonly Problem[] {
  if (schema === null) return []
  const empty = (loc: Draft['loc'], message: string): Draft => ({
    loc,
    at: 'key',
    code: 'empty',
    severity: 'error',
    message,
  })
  if (schema.tables.length === 0) return place([empty(below(null, 'tables'), `schema ${schema.name} has no tables`)])
  const drafts = schema.tables.flatMap((table, index) =>
    table.columns.length > 0
      ? []
      : [empty(below(below(null, 'tables'), index), `table ${schema.name}.${table.name} has no columns`)],
  )
  return drafts.length === 0 ? [] : place(drafts)
}
