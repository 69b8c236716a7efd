import { statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { Failure } from '../../shared/failure.ts'
import { FelisLoader, type LoadedSchema } from '../../shared/felis/load.ts'
import type { Problem } from '../../shared/problem.ts'
import { buildRows } from '../../shared/tap-schema/build-rows.ts'
import { contextOf, type LoaderOptions } from '../../shared/tap-schema/options.ts'
import type { PreparedRows } from '../../shared/tap-schema/prepare-rows.ts'
import { withFileErrors } from '../terminal/file-error.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { STANDARD_INPUT } from './find-schemas.ts'
import { openContent, openFolder, type SchemaPlace } from './schema-place.ts'

/** The files cannot become rows; the problems say where and why. */
export class InvalidSchemaError extends Failure {
  constructor(paths: readonly string[], problems: readonly Problem[]) {
    const errors = problems.filter((problem) => problem.severity === 'error').length
    super('invalid', 'invalid_schema', `${paths.join(', ')}: ${errors === 1 ? '1 error' : `${errors} errors`}`, {
      problems,
    })
  }
}

/**
 * The TAP_SCHEMA rows of Felis files, in the order in which they are named. Resources are looked up beside each file;
 * for standard input, in the current folder.
 *
 * @throws UsageError when a path leads nowhere; InvalidSchemaError for what is in the files
 */
export async function computeRows(paths: readonly string[], options: LoaderOptions): Promise<PreparedRows> {
  if (paths.filter((path) => path === '-').length > 1) throw new UsageError('standard input can be given once only')
  const folders = new Map<string, OpenPlace>()
  const schemas: LoadedSchema[] = []
  for (const path of paths) {
    const { place, name } = await withFileErrors(path, () => openFile(path, folders, options))
    schemas.push(nameByPath(place.loader.load(name), place))
  }
  const built = buildRows(schemas, options)
  // The problems of a resource that two files share are reported once.
  const problems = [...new Set([...schemas.flatMap((loaded) => loaded.problems), ...built.problems])]
  if (problems.some((problem) => problem.severity === 'error')) throw new InvalidSchemaError(paths, problems)
  return { rows: built.rows, warnings: problems }
}

interface OpenPlace extends SchemaPlace {
  readonly loader: FelisLoader
  /** Problems → the same under the names that the caller knows. */
  readonly renamed: Map<Problem, Problem>
}

interface OpenFile {
  readonly place: OpenPlace
  readonly name: string
}

async function openFile(path: string, folders: Map<string, OpenPlace>, options: LoaderOptions): Promise<OpenFile> {
  if (path === '-') {
    const place = openPlace(openContent(STANDARD_INPUT, await buffer(process.stdin)), options)
    return { place, name: STANDARD_INPUT }
  }
  if (statSync(path).isDirectory()) throw new UsageError(`${path} is a folder: name the Felis files in it`)
  const folder = dirname(path)
  const place = folders.get(folder) ?? openPlace(openFolder(folder), options)
  folders.set(folder, place)
  return { place, name: basename(path) }
}

function openPlace(place: SchemaPlace, options: LoaderOptions): OpenPlace {
  return { ...place, loader: new FelisLoader(place.files, contextOf(options)), renamed: new Map() }
}

/** A release knows its files by name, the caller of this command by path. */
function nameByPath(loaded: LoadedSchema, { unreadable, pathOf, renamed }: OpenPlace): LoadedSchema {
  const rename = (problem: Problem): Problem => {
    const told = unreadable.get(problem.file) ?? problem
    const known = renamed.get(told) ?? { ...told, file: pathOf(told.file) }
    renamed.set(told, known)
    return known
  }
  return {
    ...loaded,
    file: pathOf(loaded.file),
    problems: loaded.problems.map(rename),
    place: (drafts) => loaded.place(drafts).map(rename),
  }
}
