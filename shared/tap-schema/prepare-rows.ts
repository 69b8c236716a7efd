import { FelisLoader, type SourceFiles } from '../felis/load.ts'
import { nearMiss } from '../near-miss.ts'
import type { Problem } from '../problem.ts'
import { buildRows } from './build-rows.ts'
import { findEmptyParts } from './empty-parts.ts'
import { contextOf, type LoaderOptions } from './options.ts'
import { RejectedError } from './slot-failures.ts'
import type { TapSchemaRows } from './tables.ts'

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
  const loader = new FelisLoader(request.files, contextOf(request.options))
  const schemas = present.map((schema) => loader.load(`${schema}.yaml`))
  const built = buildRows(schemas, request.options)
  const problems = [
    ...missing,
    ...schemas.flatMap((loaded) => loaded.problems),
    ...schemas.flatMap(findEmptyParts),
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
  const suggestion = nearMiss(schema, available)
  const problem = { file, path: '', code: 'schema_missing', severity: 'error', message } as const
  return [suggestion === undefined ? problem : { ...problem, suggestion }]
}
