import { basename } from 'node:path'
import type { LoadedSchema } from '../../shared/felis/load.ts'
import type { Problem } from '../../shared/problem.ts'
import { buildRows } from '../../shared/tap-schema/build-rows.ts'
import type { LoaderOptions } from '../../shared/tap-schema/options.ts'

/** What a TAP server of an environment loads. */
export interface ServedSet {
  readonly name: string
  readonly schemas: readonly string[]
  readonly options: LoaderOptions
}

/**
 * Which files are served by one TAP server, whose TAP_SCHEMA cannot hold a name twice: all of them, those that servers of
 * an environment load, or nobody has said; then collisions are only counted.
 */
export type Together =
  | { readonly kind: 'all' }
  | { readonly kind: 'servers'; readonly servers: readonly ServedSet[] }
  | { readonly kind: 'unsaid' }
  | { readonly kind: 'none' }

export interface SetProblems {
  readonly problems: ReadonlyMap<LoadedSchema, readonly Problem[]>
  /** How many there would be if all files were served together, where nobody has said so. */
  readonly unsaid: number
}

/** What schemas cannot be loaded with beside others: names that collide. */
export function checkSets(loaded: readonly LoadedSchema[], together: Together, options: LoaderOptions): SetProblems {
  switch (together.kind) {
    case 'none':
      return { problems: new Map(), unsaid: 0 }
    case 'all':
      return { problems: findCollisions(loaded, options), unsaid: 0 }
    case 'unsaid': {
      const found = [...findCollisions(loaded, options).values()]
      return { problems: new Map(), unsaid: found.reduce((sum, problems) => sum + problems.length, 0) }
    }
    case 'servers': {
      const problems = new Map<LoadedSchema, readonly Problem[]>()
      for (const { name, schemas, options: own } of together.servers) {
        const served = schemas.flatMap((schema) => loaded.filter(({ file }) => stemOf(file) === schema))
        for (const [schema, found] of findCollisions(served, own)) {
          const named = found.map((problem) => ({
            ...problem,
            message: `${problem.message} (in the TAP server ${name})`,
          }))
          problems.set(schema, [...(problems.get(schema) ?? []), ...named])
        }
      }
      return { problems, unsaid: 0 }
    }
  }
}

function stemOf(file: string): string {
  return basename(file).replace(/\.ya?ml$/, '')
}

/** What is wrong with schemas together, beyond what is wrong with each of them. */
function findCollisions(
  loaded: readonly LoadedSchema[],
  options: LoaderOptions,
): ReadonlyMap<LoadedSchema, readonly Problem[]> {
  if (loaded.length < 2) return new Map()
  const ofSet = Map.groupBy(buildRows(loaded, options).problems, ({ file }) => file)
  return new Map(
    loaded.map((schema) => {
      const own = new Set(buildRows([schema], options).problems.map(({ code, path }) => `${code} ${path}`))
      return [schema, (ofSet.get(schema.file) ?? []).filter(({ code, path }) => !own.has(`${code} ${path}`))] as const
    }),
  )
}
