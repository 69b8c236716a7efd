import type { Check, FelisContext } from '../../shared/felis/context.ts'
import { FelisLoader, type LoadedSchema } from '../../shared/felis/load.ts'
import { resolveUri } from '../../shared/felis/resolve-uri.ts'
import type { Problem } from '../../shared/problem.ts'
import { buildRows } from '../../shared/tap-schema/build-rows.ts'
import { findEmptyParts } from '../../shared/tap-schema/empty-parts.ts'
import { contextOf, type LoaderOptions } from '../../shared/tap-schema/options.ts'
import { checkSets, type Together } from './check-sets.ts'
import type { FoundSchemas } from './find-schemas.ts'
import type { FoundSchema, SchemaPlace } from './schema-place.ts'

export interface FoundProblem extends Problem {
  /** For a problem in a resource: the files that lead there, each a resource of the one before. */
  readonly chain?: readonly string[]
}

/** The verdict on one file. */
export interface FileReport {
  readonly file: string
  readonly ok: boolean
  /** Also those of its resources. */
  readonly problems: readonly FoundProblem[]
}

export interface Validation {
  readonly reports: readonly FileReport[]
  /** Names that occur in more than one file, where nobody has said whether that matters. */
  readonly unsaid: number
  /** The text of a file that a problem names, as far as it could be read. */
  readonly textOf: (file: string) => string | undefined
}

export interface ValidationOptions {
  /** Those of the TAP server that the files are meant for. */
  readonly loader: LoaderOptions
  /** Missing `@id`s are made from the names; the loader always does so. */
  readonly idGeneration: boolean
  readonly checks: ReadonlySet<Check>
  /** Warnings fail. */
  readonly strict: boolean
  readonly together: Together
}

/**
 * Checks every schema by itself, then all of them as the set that one TAP server would be given: names that collide,
 * values that the tables of TAP_SCHEMA cannot hold, and schemas with nothing to show. Felis lets the latter through, so they are warnings.
 */
export function validateFiles(
  { schemas, lost }: Pick<FoundSchemas, 'schemas' | 'lost'>,
  options: ValidationOptions,
): Validation {
  const places = new Map<SchemaPlace, Place>()
  const { loader, idGeneration, checks } = options
  const context = { ...contextOf(loader), idGeneration, checks }
  const entries = schemas.map((schema) => loadSchema(schema, places, context))
  const { found, unsaid } = checkRows(entries, options)
  const reports = entries.map(({ loaded }): FileReport => {
    const problems = [...loaded.problems, ...(found.get(loaded) ?? [])]
    return { file: loaded.file, ok: isOk(problems, options), problems }
  })
  const texts = new Map(
    [...places].flatMap(([place, { shown }]) => [...shown].map(([file, name]) => [file, { place, name }])),
  )
  return {
    unsaid,
    reports: [...reports, ...lost.map(({ path, problem }) => ({ file: path, ok: false, problems: [problem] }))],
    textOf: (file) => {
      const text = texts.get(file)
      return text === undefined || text.place.unreadable.has(text.name) ? undefined : text.place.files.get(text.name)
    },
  }
}

function isOk(problems: readonly Problem[], { strict }: ValidationOptions): boolean {
  return strict ? problems.length === 0 : problems.every(({ severity }) => severity === 'warning')
}

interface Place {
  readonly loader: FelisLoader
  /** The files of problems as the caller knows them → their names in the place. */
  readonly shown: Map<string, string>
}

interface Entry {
  /** Under the names that the caller knows. */
  readonly loaded: Omit<LoadedSchema, 'problems'> & { readonly problems: readonly FoundProblem[] }
}

function loadSchema({ place, name }: FoundSchema, places: Map<SchemaPlace, Place>, context: FelisContext): Entry {
  const known = places.get(place) ?? { loader: new FelisLoader(place.files, context), shown: new Map() }
  places.set(place, known)
  const { loader, shown } = known
  const rename = (problem: Problem): FoundProblem => {
    const file = place.pathOf(problem.file)
    shown.set(file, problem.file)
    if (problem.file === name) return { ...problem, file }
    const chain = findChain(name, problem.file, (from) => resourcesOf(loader.load(from), place))
    return { ...problem, file, chain: chain.map(place.pathOf) }
  }
  const loaded = loader.load(name)
  const problems = withoutUnreadable(loaded.problems, place).map(rename)
  const file = place.pathOf(name)
  shown.set(file, name)
  return { loaded: { ...loaded, file, problems, place: (drafts) => loaded.place(drafts).map(rename) } }
}

/** Of a file that could not be read, only that is reported. */
function withoutUnreadable(problems: readonly Problem[], { unreadable }: SchemaPlace): readonly Problem[] {
  return unreadable.size === 0 ? problems : problems.map((problem) => unreadable.get(problem.file) ?? problem)
}

/** The shortest way from a file to one of its resources, or theirs. */
function findChain(from: string, to: string, resources: (file: string) => readonly string[]): readonly string[] {
  const chains = [[from]]
  const seen = new Set([from])
  for (const chain of chains) {
    for (const next of resources(chain.at(-1) ?? from)) {
      if (next === to) return [...chain, next]
      if (seen.has(next)) continue
      seen.add(next)
      chains.push([...chain, next])
    }
  }
  return [from, to]
}

function resourcesOf({ file, readable }: LoadedSchema, { files }: SchemaPlace): readonly string[] {
  return [...(readable?.resources.values() ?? [])].flatMap(({ uri }) => {
    const resolved = resolveUri(uri, file, files)
    return 'file' in resolved ? [resolved.file] : []
  })
}

/** What each schema cannot be loaded with, alone and beside the others. */
function checkRows(
  entries: readonly Entry[],
  { loader, together }: ValidationOptions,
): { readonly found: ReadonlyMap<Entry['loaded'], readonly Problem[]>; readonly unsaid: number } {
  const loaded = entries.map((entry) => entry.loaded)
  const found = new Map<Entry['loaded'], readonly Problem[]>()
  const { problems, unsaid } = checkSets(loaded, together, loader)
  for (const schema of loaded) {
    const own = [...findEmptyParts(schema), ...buildRows([schema], loader).problems]
    found.set(
      schema,
      [...own, ...(problems.get(schema) ?? [])].map((problem) => ({ ...problem, severity: 'warning' })),
    )
  }
  return { found, unsaid }
}
