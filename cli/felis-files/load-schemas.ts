import { basename } from 'node:path'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader, type LoadedSchema } from '../../shared/felis/load.ts'
import type { Schema } from '../../shared/felis/model.ts'
import { nearMiss } from '../../shared/near-miss.ts'
import type { Problem } from '../../shared/problem.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { InvalidSchemaError } from './compute-rows.ts'
import { findSchemas } from './find-schemas.ts'
import type { FoundSchema, SchemaPlace } from './schema-place.ts'

export interface LoadedSchemas {
  readonly schemas: readonly Schema[]
  readonly warnings: readonly Problem[]
}

/** Finds further errors in schemas that Felis takes. */
export type FurtherChecks = (loaded: readonly LoadedSchema[]) => readonly Problem[]

/**
 * The schemas of files, folders and archives: all of them, or those whose files have these names, in the order of the
 * names.
 *
 * @throws UsageError for a path that leads nowhere or a name that is not there; InvalidSchemaError with everything that
 * is wrong
 */
export async function loadSchemas(
  paths: readonly string[],
  names: readonly string[] | undefined,
  check: FurtherChecks,
): Promise<LoadedSchemas> {
  const found = await findSchemas(paths)
  const [loss] = found.lost
  if (loss?.isUsage === true) throw new UsageError(`${loss.path}: ${loss.problem.message}`)
  if (loss !== undefined) throw new InvalidSchemaError([loss.path], [loss.problem])
  const chosen = names === undefined ? found.schemas : names.map((name) => findNamed(name, found.schemas))
  const loaders = new Map<SchemaPlace, FelisLoader>()
  const each = chosen.map(({ place, name }) => {
    const loader = loaders.get(place) ?? new FelisLoader(place.files, DEFAULT_CONTEXT)
    loaders.set(place, loader)
    return renamed(loader.load(name), place)
  })
  const own = each.flatMap(({ problems }) => problems)
  const problems = own.some(isError) ? own : [...own, ...check(each)]
  if (problems.some(isError)) throw new InvalidSchemaError([...paths], problems.filter(isError))
  return { schemas: each.flatMap(({ schema }) => (schema === null ? [] : [schema])), warnings: problems }
}

function isError({ severity }: Problem): boolean {
  return severity === 'error'
}

function findNamed(name: string, schemas: readonly FoundSchema[]): FoundSchema {
  const stems = new Map(schemas.map((schema) => [basename(schema.name).replace(/\.ya?ml$/, ''), schema]))
  const schema = stems.get(name)
  if (schema !== undefined) return schema
  const near = nearMiss(name, [...stems.keys()])
  const hint = near === undefined ? `there are ${[...stems.keys()].join(', ')}` : `did you mean ${near}?`
  throw new UsageError(`there is no schema file called ${name}: ${hint}`)
}

/** With problems under the names of files that the caller knows. */
function renamed(loaded: LoadedSchema, place: SchemaPlace): LoadedSchema {
  const rename = (problem: Problem): Problem => {
    const told = place.unreadable.get(problem.file) ?? problem
    return { ...told, file: place.pathOf(told.file) }
  }
  return {
    ...loaded,
    problems: loaded.problems.map(rename),
    place: (drafts) => loaded.place(drafts).map(rename),
  }
}
