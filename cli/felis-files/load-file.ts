import type { FelisContext } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import type { Schema } from '../../shared/felis/model.ts'
import type { Problem } from '../../shared/problem.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { InvalidSchemaError } from './compute-rows.ts'
import { findSchemas } from './find-schemas.ts'

export interface LoadedFile {
  readonly schema: Schema
  readonly warnings: readonly Problem[]
}

/**
 * The schema of one file, its resources looked up beside it.
 *
 * @throws UsageError when there is no such file, or it is a folder; InvalidSchemaError
 */
export async function loadFile(path: string, context: FelisContext): Promise<LoadedFile> {
  const { schemas, lost } = await findSchemas([path])
  const [first, second] = schemas
  if (first === undefined) throw new UsageError(`${path}: ${lost[0]?.problem.message ?? 'there is no schema in it'}`)
  if (second !== undefined) throw new UsageError(`${path} holds ${schemas.length} schemas: name one file`)
  const { place, name } = first
  const loaded = new FelisLoader(place.files, context).load(name)
  const problems = loaded.problems.map((problem) => {
    const told = place.unreadable.get(problem.file) ?? problem
    return { ...told, file: place.pathOf(told.file) }
  })
  if (loaded.schema === null) throw new InvalidSchemaError([path], problems)
  return { schema: loaded.schema, warnings: problems }
}
