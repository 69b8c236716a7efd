import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Where a checkout of the schemas' repository has them. */
export const REPOSITORY_FOLDERS: readonly string[] = ['', 'python/lsst/sdm/schemas', 'yml']

export interface SchemasFolder {
  readonly folder: string
  /** The `*.yaml` files in it, sorted. */
  readonly names: readonly string[]
}

/**
 * The folder whose `*.yaml` files are a release: the one that is named, or the folder of schemas of a checkout. Hidden files
 * and folders in it are left out, as they are in the archives of sdm_schemas. null: there are no such files.
 */
export function findSchemasFolder(path: string): SchemasFolder | null {
  for (const below of REPOSITORY_FOLDERS) {
    const folder = below === '' ? path : join(path, below)
    const names = listNames(folder, below === '').filter((name) => name.endsWith('.yaml') && isFile(join(folder, name)))
    if (names.length > 0) return { folder, names: names.sort() }
  }
  return null
}

function listNames(folder: string, isRequired: boolean): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (isRequired || (code !== 'ENOENT' && code !== 'ENOTDIR')) throw error
    return []
  }
}

/** A link counts as the file it leads to, as in a mounted ConfigMap. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
