import { invalid, noSuchObject, preconditionFailed } from './failures.ts'
import type { ObjectResource } from './resource.ts'

type Field = 'generation' | 'metageneration'

const CONDITIONS: readonly {
  readonly parameter: string
  readonly field: Field
  readonly holds: (actual: string, given: string) => boolean
}[] = [
  { parameter: 'ifGenerationMatch', field: 'generation', holds: (actual, given) => actual === given },
  { parameter: 'ifGenerationNotMatch', field: 'generation', holds: (actual, given) => actual !== given },
  { parameter: 'ifMetagenerationMatch', field: 'metageneration', holds: (actual, given) => actual === given },
  { parameter: 'ifMetagenerationNotMatch', field: 'metageneration', holds: (actual, given) => actual !== given },
]

/** Refuses with 412 unless every precondition of the query holds; an object that is not there has generation 0. */
export function checkPreconditions(found: ObjectResource | undefined, query: URLSearchParams): void {
  for (const { parameter, field, holds } of CONDITIONS) {
    const given = integer(query, parameter)
    if (given !== null && !holds(found?.[field] ?? '0', given)) throw preconditionFailed()
  }
}

/** The object that a request is about: the pinned generation, or the one that is there. */
export function requireObject(
  found: ObjectResource | undefined,
  bucket: string,
  name: string,
  query: URLSearchParams,
  parameter = 'generation',
): ObjectResource {
  const generation = integer(query, parameter)
  if (found === undefined || (generation !== null && generation !== found.generation)) throw noSuchObject(bucket, name)
  return found
}

function integer(query: URLSearchParams, parameter: string): string | null {
  const given = query.get(parameter)
  if (given !== null && !/^\d{1,19}$/.test(given)) throw invalid(`Invalid value for ${parameter}: ${given}`)
  return given
}
