import type { Check } from '../../felis/context.ts'
import type { SourceFiles } from '../../felis/load.ts'
import type { Problem } from '../../problem.ts'
import { readArchive } from '../archive.ts'
import { checkDatalink, type DatalinkFiles, NO_SNIPPETS } from '../datalink/check-datalink.ts'
import { buildPrincipalColumns, PRINCIPAL_NAME } from '../datalink/columns-principal.ts'
import { DEFAULT_LIMITS } from '../limits.ts'
import { describeSchema, type SchemaDescription } from './description.ts'
import { packRelease } from './pack-release.ts'
import { packZip } from './pack-zip.ts'
import { InvalidReleaseError } from './publish-failures.ts'
import { type ExpectedLoad, validateRelease } from './validate-release.ts'

export interface BuildRequest {
  readonly version: string
  readonly commit: string | null
  /** Name below the folder of schemas → text. */
  readonly files: SourceFiles
  /** null: the release comes without snippets and hand-written lists of columns. */
  readonly datalink: DatalinkFiles | null
  readonly checks: ReadonlySet<Check>
  readonly loads: readonly ExpectedLoad[]
  /** A file as the caller knows it, for problems; default: by its name. */
  readonly pathOf?: (file: string) => string
}

/** A release that is fit to be published. */
export interface BuiltRelease {
  readonly version: string
  readonly commit: string | null
  /** `schemas.tar.gz`. */
  readonly archive: Buffer
  /** `datalink-snippets.zip`. */
  readonly snippets: Buffer
  /** `datalink-columns.zip`. */
  readonly columns: Buffer
  readonly schemas: readonly SchemaDescription[]
  readonly services: readonly string[]
  readonly warnings: readonly Problem[]
}

/**
 * Checks schemas and datalink metadata and packs them. The same input makes the same bytes.
 *
 * @throws InvalidReleaseError with everything that is wrong; ArchiveError for more than a loader takes
 */
export async function buildRelease(request: BuildRequest): Promise<BuiltRelease> {
  const { version, commit, files, checks, loads } = request
  const validation = validateRelease(version, files, checks, loads)
  const schemas = validation.schemas.map(({ schema }) => schema)
  const datalink = checkDatalink(request.datalink ?? NO_SNIPPETS, schemas)
  const isWhole = schemas.length === files.size
  const { pathOf = (file: string) => file } = request
  const found = [...validation.problems, ...datalink.problems.filter(({ code }) => isWhole || !DEPENDENT.has(code))]
  const problems = found.map((problem) => ({ ...problem, file: pathOf(problem.file) }))
  if (files.size === 0) problems.push(NO_FILES)
  if (problems.some(({ severity }) => severity === 'error')) throw new InvalidReleaseError(version, problems)
  const archive = await packRelease(files)
  await readArchive(archive, DEFAULT_LIMITS, 'schemas.tar.gz')
  const principal = Buffer.from(buildPrincipalColumns(schemas))
  return {
    version,
    commit,
    archive,
    snippets: packZip(datalink.snippets),
    columns: packZip(new Map([...datalink.columnLists, [PRINCIPAL_NAME, principal]])),
    schemas: validation.schemas.map(({ file, schema }) => describeSchema(file, schema)),
    services: datalink.services,
    warnings: problems,
  }
}

/** What cannot be known while a schema has errors of its own. */
const DEPENDENT: ReadonlySet<string> = new Set(['column_unknown', 'column_ambiguous', 'table_unknown'])

const NO_FILES: Problem = {
  file: '.',
  path: '',
  code: 'no_schemas',
  severity: 'error',
  message: 'there are no *.yaml files',
}
