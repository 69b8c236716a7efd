import { compareCodePoints } from '../../code-points.ts'
import { type Check, DEFAULT_CONTEXT } from '../../felis/context.ts'
import { FelisLoader, type SourceFiles } from '../../felis/load.ts'
import type { Schema } from '../../felis/model.ts'
import type { Problem } from '../../problem.ts'
import { contextOf, DEPLOYED, type LoaderOptions } from '../../tap-schema/options.ts'
import { prepareRows } from '../../tap-schema/prepare-rows.ts'
import { RejectedError } from '../../tap-schema/slot-failures.ts'

/** A TAP server that will take the release, and what it will load of it. */
export interface ExpectedLoad {
  readonly name: string
  readonly schemas: readonly string[]
  readonly options: LoaderOptions
}

export interface Validation {
  /** Of all files without errors, in the order of their file names. */
  readonly schemas: readonly { readonly file: string; readonly schema: Schema }[]
  readonly problems: readonly Problem[]
}

/**
 * Finds everything that would keep the schemas from being loaded: each file by itself, and together those that a TAP
 * server will load; with optional checks, what Felis's `validate` finds beyond that.
 */
export function validateRelease(
  version: string,
  files: SourceFiles,
  checks: ReadonlySet<Check>,
  loads: readonly ExpectedLoad[],
): Validation {
  const found = new Problems()
  const loader = new FelisLoader(files, { ...contextOf(DEPLOYED), checks })
  // Datalink metadata are in the order of the indexes that the files give, not those of the TAP server.
  const asWritten = new FelisLoader(files, DEFAULT_CONTEXT)
  const names = [...files.keys()].sort(compareCodePoints)
  const schemas = names.flatMap((file) => {
    const { schema: checked, problems } = loader.load(file)
    for (const problem of problems) found.add(problem)
    const schema = checked === null ? null : asWritten.load(file).schema
    return schema === null ? [] : [{ file, schema }]
  })
  for (const { file } of schemas) {
    for (const problem of problemsOfRows(version, files, [schemaNameOf(file)], DEPLOYED)) found.add(problem)
  }
  for (const load of loads) {
    for (const problem of problemsOfRows(version, files, load.schemas, load.options)) found.add(problem, load.name)
  }
  return { schemas, problems: found.list }
}

function schemaNameOf(file: string): string {
  return file.replace(/\.yaml$/, '')
}

function problemsOfRows(
  version: string,
  files: SourceFiles,
  schemas: readonly string[],
  options: LoaderOptions,
): readonly Problem[] {
  try {
    return prepareRows(version, { schemas, files, options }).warnings
  } catch (error) {
    if (error instanceof RejectedError) return error.problems
    throw error
  }
}

/** Each problem once, however many loads run into it. */
class Problems {
  readonly list: Problem[] = []
  readonly #known = new Set<string>()

  /** @param server the only TAP server that has it */
  add(problem: Problem, server?: string): void {
    const key = JSON.stringify([
      problem.file,
      problem.line,
      problem.column,
      problem.path,
      problem.code,
      problem.message,
    ])
    if (this.#known.has(key)) return
    this.#known.add(key)
    this.list.push(
      server === undefined ? problem : { ...problem, message: `${problem.message} (in the TAP server ${server})` },
    )
  }
}
