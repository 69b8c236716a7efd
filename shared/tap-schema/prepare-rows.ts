import { FelisLoader, type LoadedSchema, type SourceFiles } from '../felis/load.ts'
import { below, type Draft } from '../felis/location.ts'
import type { Problem } from '../felis/problem.ts'
import { buildRows } from './build-rows.ts'
import { RejectedError } from './failures.ts'
import type { LoaderOptions } from './options.ts'
import type { TapSchemaRows } from './rows.ts'

export interface RowsRequest {
  /** Names of the TAP server's schemas, without `.yaml`, in the order in which clients list them. */
  readonly schemas: readonly string[]
  readonly files: SourceFiles
  readonly options: LoaderOptions
}

export interface PreparedRows {
  readonly rows: TapSchemaRows
  readonly warnings: readonly Problem[]
}

/**
 * Works out all that a slot will hold, without a database.
 *
 * @throws RejectedError with everything that is wrong, at once
 */
export function prepareRows(version: string, request: RowsRequest): PreparedRows {
  const missing = request.schemas.flatMap((schema) => missingSchema(schema, request.files))
  const present = request.schemas.filter((schema) => request.files.has(`${schema}.yaml`))
  const loader = new FelisLoader(request.files, {
    idGeneration: true,
    columnRefIndexIncrement: request.options.columnRefIndexIncrement,
    unboundedArraysize: request.options.unboundedArraysize,
    checks: new Set(),
  })
  const schemas = present.map((schema) => loader.load(`${schema}.yaml`))
  const built = buildRows(schemas, request.options)
  const problems = [
    ...missing,
    ...schemas.flatMap((loaded) => loaded.problems),
    ...schemas.flatMap(emptyParts),
    ...built.problems,
  ]
  const unique = [...new Set(problems)]
  if (unique.some((problem) => problem.severity === 'error')) throw new RejectedError(version, unique)
  return { rows: built.rows, warnings: unique }
}

function missingSchema(schema: string, files: SourceFiles): Problem[] {
  const file = `${schema}.yaml`
  if (files.has(file)) return []
  const available = [...files.keys()].map((name) => name.replace(/\.yaml$/, '')).sort()
  const message = `schema ${schema} is configured but the release has no ${file}; it has ${available.join(', ') || 'no schemas'}`
  return [{ file, path: '', code: 'schema_missing', severity: 'error', message }]
}

/** Felis takes a schema without tables and a table without columns; a TAP service cannot show either. */
function emptyParts({ schema, place }: LoadedSchema): readonly Problem[] {
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
