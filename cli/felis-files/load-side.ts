import { FelisLoader, type LoadedSchema } from '../../shared/felis/load.ts'
import type { Problem } from '../../shared/problem.ts'
import type { DiffSide } from '../../shared/tap-schema/diff.ts'
import { contextOf, type LoaderOptions } from '../../shared/tap-schema/options.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { InvalidSchemaError } from './compute-rows.ts'
import { findSchemas } from './find-schemas.ts'
import type { SchemaPlace } from './schema-place.ts'

export interface LoadedSide {
  readonly side: DiffSide
  /** In the order of their files. */
  readonly schemas: readonly LoadedSchema[]
  /** The file of one of them as the caller knows it. */
  readonly pathOf: (loaded: LoadedSchema) => string
}

/**
 * All schemas of a file, a folder or an archive.
 *
 * @throws UsageError for a path that leads nowhere; InvalidSchemaError with everything that is wrong
 */
export async function loadSide(path: string, options: LoaderOptions): Promise<LoadedSide> {
  const found = await findSchemas([path])
  const [loss] = found.lost
  if (loss !== undefined) {
    if (loss.isUsage) throw new UsageError(`${path}: ${loss.problem.message}`)
    throw new InvalidSchemaError([path], [loss.problem])
  }
  const loaders = new Map<SchemaPlace, FelisLoader>()
  const schemas: LoadedSchema[] = []
  const paths = new Map<LoadedSchema, string>()
  const problems = new Set<Problem>()
  for (const { place, name } of found.schemas) {
    const loader = loaders.get(place) ?? new FelisLoader(place.files, contextOf(options))
    loaders.set(place, loader)
    const loaded = loader.load(name)
    schemas.push(loaded)
    paths.set(loaded, place.pathOf(name))
    for (const problem of loaded.problems) {
      const told = place.unreadable.get(problem.file) ?? problem
      if (told.severity === 'error') problems.add({ ...told, file: place.pathOf(told.file) })
    }
  }
  if (problems.size > 0) throw new InvalidSchemaError([path], uniqueProblems(problems))
  const side = { slot: path, version: describeVersion(schemas) }
  return { side, schemas, pathOf: (loaded) => paths.get(loaded) ?? loaded.file }
}

function uniqueProblems(problems: Iterable<Problem>): readonly Problem[] {
  return [...new Map([...problems].map((problem) => [JSON.stringify(problem), problem])).values()]
}

/** What stands behind the path in the heading: the version of one schema, or how many there are. */
function describeVersion(schemas: readonly LoadedSchema[]): string {
  const [first, second] = schemas
  if (second !== undefined) return `${schemas.length} schemas`
  const version = first?.schema?.version ?? 'no version'
  return typeof version === 'string' ? version : version.current
}
