import type { Problem } from '../problem.ts'
import type { Construction } from '../yaml/construct.ts'
import { Locator } from '../yaml/locate.ts'
import { readYaml } from '../yaml/read.ts'
import { SizeBudget } from '../yaml/size.ts'
import { abridge, isYamlMap, type YamlValue } from '../yaml/values.ts'
import { checkSchema } from './check-schema.ts'
import type { FelisContext } from './context.ts'
import { expandReferences } from './expand-references.ts'
import { readSchema } from './fields/schema.ts'
import { generateIds } from './generate-ids.ts'
import { lintSchema } from './lint-schema.ts'
import { below, type Draft } from './location.ts'
import type { Schema } from './model.ts'
import { placeProblems } from './place-problems.ts'
import { INVALID, type Reading, report, startReading } from './reading.ts'
import { resolveUri } from './resolve-uri.ts'

/** Name inside the release (a path below the schemas folder, `dp2.yaml`) → text. */
export type SourceFiles = ReadonlyMap<string, string>

export interface LoadedSchema {
  readonly file: string
  /** null: one of the problems is an error. */
  readonly schema: Schema | null
  readonly problems: readonly Problem[]
  /**
   * What could be read in spite of the problems, for checks that go further: broken things are left out of it, values
   * that are wrong have their defaults. null: nothing to speak of.
   */
  readonly readable: Schema | null
  /** Gives further findings about the schema their positions in the file. */
  readonly place: (drafts: readonly Draft[]) => readonly Problem[]
}

/** The resources of a schema, each once, and how many errors they have. */
type ResourceErrors = Map<LoadedSchema, number>

/** Resources of resources; releases have one step. */
const LONGEST_CHAIN = 50

/**
 * Loads Felis schemas from the files of one release. Each file is parsed and checked once, however many schemas use it
 * as a resource. Nothing is thrown on account of the files: what is wrong with them is in the answer, all at once.
 */
export class FelisLoader {
  readonly #files: SourceFiles
  readonly #context: FelisContext
  readonly #loaded = new Map<string, LoadedSchema>()
  readonly #budget = new SizeBudget()
  /** The files being loaded, each a resource of the one before. */
  readonly #chain: string[] = []

  constructor(files: SourceFiles, context: FelisContext) {
    this.#files = files
    this.#context = context
  }

  load(name: string): LoadedSchema {
    const known = this.#loaded.get(name)
    if (known !== undefined) return known
    this.#chain.push(name)
    const loaded = this.#loadFile(name)
    this.#chain.pop()
    this.#loaded.set(name, loaded)
    return loaded
  }

  #loadFile(file: string): LoadedSchema {
    const text = this.#files.get(file)
    const place = (drafts: readonly Draft[]): readonly Problem[] => placeProblems(file, new Locator(text ?? ''), drafts)
    const failed = (problem: Omit<Problem, 'file' | 'path' | 'severity'>): LoadedSchema => ({
      file,
      schema: null,
      readable: null,
      problems: [{ file, path: '', severity: 'error', ...problem }],
      place,
    })
    if (text === undefined) return failed({ code: 'file_missing', message: 'the release has no such file' })
    const read = readYaml(text, this.#budget)
    if ('problem' in read) {
      const { offset, code, message } = read.problem
      return failed({ ...new Locator(text).position(offset), code, message })
    }
    const hasIds = this.#context.idGeneration && isYamlMap(read.value)
    const ids = hasIds ? generateIds(read.value) : new Map<never, string>()
    if (ids === null) return failed({ code: 'too_large', message: 'the names are too long to make ids of them' })
    const reading = startReading(file, this.#context, ids)
    const fromResources: ResourceErrors = new Map()
    const schema = this.#readSchema(read.value, reading, fromResources)
    const locator = new Locator(text)
    return {
      file,
      schema: reading.errors === 0 ? schema : null,
      readable: schema,
      problems: [
        ...placeDuplicates(file, locator, read),
        ...hintAtComments(file, locator, read, placeProblems(file, locator, reading.drafts)),
        ...new Set([...fromResources.keys()].flatMap(({ problems }) => problems)),
      ],
      place,
    }
  }

  #readSchema(value: YamlValue, reading: Reading, fromResources: ResourceErrors): Schema | null {
    const written = readSchema(value, null, reading)
    if (written === INVALID) return null
    const resources = new Map<string, Schema | null>()
    for (const [name, { uri }] of written.resources) {
      resources.set(name, this.#loadResource(name, uri, reading, fromResources))
    }
    if ([...resources.values()].includes(null)) reading.idsUnknown = true
    const schema = expandReferences(written, resources, reading)
    checkSchema(schema, reading)
    lintSchema(schema, written, reading)
    return schema
  }

  #loadResource(name: string, uri: string, reading: Reading, fromResources: ResourceErrors): Schema | null {
    const loc = below(below(null, 'resources'), name)
    const fail = (code: string, reason: string, suggestion?: string): null => {
      const message = `Failed to load resource '${name}' from URI '${uri}': ${reason}`
      const draft = { loc, path: null, code, message, notReportedByFelis: reading.errors > 0 }
      report(reading, suggestion === undefined ? draft : { ...draft, suggestion })
      return null
    }
    const resolved = resolveUri(uri, reading.file, this.#files)
    if (!('file' in resolved)) return fail(resolved.code, resolved.message, resolved.suggestion)
    const { file } = resolved
    const start = this.#chain.indexOf(file)
    if (start !== -1) {
      return fail('resource_cycle', `it is a resource of itself: ${[...this.#chain.slice(start), file].join(' → ')}`)
    }
    if (this.#chain.length >= LONGEST_CHAIN) {
      return fail('resource_chain', `resources of resources are more than ${LONGEST_CHAIN} deep`)
    }
    const chain = [...this.#chain, file].join(' → ')
    const loaded = this.load(file)
    const errors = fromResources.get(loaded) ?? loaded.problems.filter(({ severity }) => severity === 'error').length
    fromResources.set(loaded, errors)
    if (loaded.schema !== null) return loaded.schema
    return fail('resource_invalid', `${file} has ${errors === 1 ? 'an error' : `${errors} errors`} (${chain})`)
  }
}

const MOST_DUPLICATES = 100

/** YAML silently takes the last of equal keys, which is probably not what the author meant. */
function placeDuplicates(file: string, locator: Locator, { duplicates }: Construction): readonly Problem[] {
  return duplicates.slice(0, MOST_DUPLICATES).map(({ offset, key }) => ({
    file,
    ...locator.position(offset),
    path: '',
    code: 'yaml_duplicate_key',
    severity: 'warning',
    message: `the key '${abridge(key)}' is a duplicate; the last value is used`,
  }))
}

const MOST_HINTS = 100

/** `- #visit.ra` is an empty item and a comment: the error at that place says so, or a warning if there is none. */
function hintAtComments(
  file: string,
  locator: Locator,
  { idComments }: Construction,
  problems: readonly Problem[],
): readonly Problem[] {
  const hinted = [...problems]
  for (const { offset, comment } of idComments.slice(0, MOST_HINTS)) {
    const position = locator.position(offset)
    const quoted = JSON.stringify(abridge(comment))
    const hint = 'a # begins a comment: an id is written in quotes'
    const index = hinted.findIndex(
      ({ line, column, code }) => line === position.line && column === position.column && code.endsWith('_type'),
    )
    const problem = hinted[index]
    if (problem === undefined) {
      const message = `there is no value here: ${hint}`
      const details = { path: '', code: 'yaml_comment', severity: 'warning', message, suggestion: quoted } as const
      hinted.push({ file, ...position, ...details })
    } else hinted[index] = { ...problem, message: `${problem.message}; ${hint}`, suggestion: quoted }
  }
  return hinted
}
