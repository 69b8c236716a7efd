import { statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { Failure } from '../../../shared/failure.ts'
import { FelisLoader, type LoadedSchema } from '../../../shared/felis/load.ts'
import type { Problem } from '../../../shared/felis/problem.ts'
import { decodeSchemas } from '../../../shared/releases/decode-schemas.ts'
import { buildRows } from '../../../shared/tap-schema/build-rows.ts'
import type { LoaderOptions } from '../../../shared/tap-schema/options.ts'
import type { PreparedRows } from '../../../shared/tap-schema/prepare-rows.ts'
import { withFileErrors } from '../../terminal/file-error.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import { SchemaFolder } from './schema-folder.ts'

/** The files cannot become rows; the problems say where and why. */
export class InvalidSchemaError extends Failure {
  readonly permanent = true
  constructor(paths: readonly string[], problems: readonly Problem[]) {
    const errors = problems.filter((problem) => problem.severity === 'error').length
    super('invalid_schema', `${paths.join(', ')}: ${errors === 1 ? '1 error' : `${errors} errors`}`, { problems })
  }
}

/** `-`, as it is called in problems. */
const STANDARD_INPUT = '(standard input)'

/**
 * The TAP_SCHEMA rows of Felis files, in the order in which they are named. Resources are looked up beside each file;
 * for standard input, in the current folder.
 *
 * @throws UsageError when a file cannot be read; InvalidSchemaError, ArchiveError (not UTF-8) for what is in it
 */
export async function computeRows(paths: readonly string[], options: LoaderOptions): Promise<PreparedRows> {
  if (paths.filter((path) => path === '-').length > 1) throw new UsageError('standard input can be given once only')
  const loaders = new Map<string, FelisLoader>()
  const renamed = new Map<Problem, Problem>()
  const schemas: LoadedSchema[] = []
  for (const path of paths) {
    const loaded = await withFileErrors(path, () => loadFile(path, options, loaders))
    schemas.push(nameByPath(loaded, path, renamed))
  }
  const built = buildRows(schemas, options)
  // A resource that two files share has told its problems once.
  const problems = [...new Set([...schemas.flatMap((loaded) => loaded.problems), ...built.problems])]
  if (problems.some((problem) => problem.severity === 'error')) throw new InvalidSchemaError(paths, problems)
  return { rows: built.rows, warnings: problems }
}

async function loadFile(
  path: string,
  options: LoaderOptions,
  loaders: Map<string, FelisLoader>,
): Promise<LoadedSchema> {
  if (path === '-') return loadStandardInput(options)
  if (statSync(path).isDirectory()) throw new UsageError(`${path} is a folder: name the Felis files in it`)
  const directory = dirname(path)
  const loader = loaders.get(directory) ?? openLoader(new SchemaFolder(directory), options)
  loaders.set(directory, loader)
  return loader.load(basename(path))
}

async function loadStandardInput(options: LoaderOptions): Promise<LoadedSchema> {
  const content = decodeSchemas(new Map([[STANDARD_INPUT, await buffer(process.stdin)]]), '', STANDARD_INPUT)
  const folder = new SchemaFolder('.')
  folder.set(STANDARD_INPUT, content.get(STANDARD_INPUT) ?? '')
  return openLoader(folder, options).load(STANDARD_INPUT)
}

function openLoader(folder: SchemaFolder, options: LoaderOptions): FelisLoader {
  const { columnRefIndexIncrement, unboundedArraysize } = options
  return new FelisLoader(folder, { idGeneration: true, columnRefIndexIncrement, unboundedArraysize, checks: new Set() })
}

/** A release knows its files by name, the caller of this command by path. */
function nameByPath(loaded: LoadedSchema, path: string, renamed: Map<Problem, Problem>): LoadedSchema {
  const directory = path === '-' ? '.' : dirname(path)
  if (directory === '.') return loaded
  const rename = (problem: Problem): Problem => {
    const known = renamed.get(problem) ?? { ...problem, file: join(directory, problem.file) }
    renamed.set(problem, known)
    return known
  }
  return {
    ...loaded,
    file: join(directory, loaded.file),
    problems: loaded.problems.map(rename),
    place: (drafts) => loaded.place(drafts).map(rename),
  }
}
