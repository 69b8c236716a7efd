import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceFiles } from '../../../shared/felis/load.ts'
import { type DatalinkFiles, isDatalinkFile } from '../../../shared/releases/datalink/check-datalink.ts'
import { type LocalFile, readLocalFolder } from '../../../shared/releases/folder.ts'
import { DEFAULT_LIMITS } from '../../../shared/releases/limits.ts'
import { findSchemasFolder, REPOSITORY_FOLDERS } from '../../felis-files/schemas-folder.ts'
import { withFileErrors } from '../../terminal/file-error.ts'
import { writeNote } from '../../terminal/output.ts'
import { UsageError } from '../../terminal/usage-error.ts'

export interface SchemaFiles {
  readonly folder: string
  /** By their names in the folder. */
  readonly files: SourceFiles
}

/**
 * The `*.yaml` files of a folder, or of the folder of schemas of a checkout: those that `validate` looks at.
 *
 * @throws UsageError for a path that cannot be read; ArchiveError for files that no loader takes
 */
export async function readSchemaFiles(version: string, path: string): Promise<SchemaFiles> {
  return withFileErrors(path, async () => {
    const found = findSchemasFolder(path)
    if (found === null) {
      throw new UsageError(`${path} holds no *.yaml files, nor do ${REPOSITORY_FOLDERS.slice(1).join(' and ')} in it`)
    }
    const { folder } = found
    const files = await listFiles(folder, (name) => /\.ya?ml$/.test(name))
    const others = files.filter(({ name }) => name.endsWith('.yml')).map(({ name }) => name)
    if (others.length > 0) writeNote(`left out, because schemas end in .yaml: ${others.join(', ')}`)
    const schemas = files.filter(({ name }) => found.names.includes(name))
    return { folder, files: (await readLocalFolder(version, folder, schemas, DEFAULT_LIMITS)).files }
  })
}

/** @throws UsageError for a path that cannot be read, or a file that is too large */
export async function readDatalinkFiles(path: string): Promise<DatalinkFiles> {
  return withFileErrors(path, async () => {
    const chosen = await listFiles(path, isDatalinkFile)
    const files = new Map<string, Uint8Array>()
    for (const file of chosen) {
      if (file.size > DEFAULT_LIMITS.fileBytes) {
        throw new UsageError(
          `${join(path, file.name)} has ${file.size} bytes, over the limit of ${DEFAULT_LIMITS.fileBytes}`,
        )
      }
      files.set(file.name, await file.read())
    }
    return files
  })
}

/** The plain files of one folder that are wanted, by their names; what else is there does not matter. */
async function listFiles(folder: string, isWanted: (name: string) => boolean): Promise<readonly LocalFile[]> {
  const names = await readdir(folder)
  const files: LocalFile[] = []
  for (const name of names.filter((found) => !found.startsWith('.') && isWanted(found)).sort()) {
    const path = join(folder, name)
    const found = await stat(path)
    if (found.isFile()) files.push({ name, size: found.size, modified: found.mtimeMs, read: () => readFile(path) })
    else writeNote(`ignored, because it is not a file: ${name}`)
  }
  return files
}
