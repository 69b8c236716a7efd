import { opendir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import type { Release } from '../../../shared/releases/fetch.ts'
import { type LocalFile, readLocalArchive, readLocalFolder } from '../../../shared/releases/folder.ts'
import { DEFAULT_LIMITS } from '../../../shared/releases/limits.ts'
import { withFileErrors } from '../../terminal/file-error.ts'

/**
 * Reads a release from disk: an archive, a folder that holds one, a folder of schemas, or one schema with the resources
 * that lie beside it.
 *
 * @throws ArchiveError for what is in it, UsageError for a path that cannot be read
 */
export async function readRelease(version: string, path: string): Promise<Release> {
  const absolute = resolve(path)
  return withFileErrors(path, async () => {
    const found = await stat(absolute)
    if (found.isDirectory()) return readLocalFolder(version, absolute, listFiles(absolute), DEFAULT_LIMITS)
    if (/\.ya?ml$/.test(absolute)) return readSingleSchema(version, absolute)
    const archive = { size: found.size, modified: found.mtimeMs, read: () => readFile(absolute) }
    return readLocalArchive(version, absolute, archive, DEFAULT_LIMITS)
  })
}

/** The file, and those beside it that it takes columns from, and they in turn. */
async function readSingleSchema(version: string, path: string): Promise<Release> {
  const folder = dirname(path)
  const { openFolder } = await import('../../felis-files/schema-place.ts')
  const { FelisLoader } = await import('../../../shared/felis/load.ts')
  const { resolveUri } = await import('../../../shared/felis/resolve-uri.ts')
  const { DEFAULT_CONTEXT } = await import('../../../shared/felis/context.ts')
  const { files } = openFolder(folder)
  const loader = new FelisLoader(files, DEFAULT_CONTEXT)
  const wanted = new Set([basename(path)])
  // Grows while it is walked.
  for (const name of wanted) {
    for (const { uri } of loader.load(name).readable?.resources.values() ?? []) {
      const found = resolveUri(uri, name, files)
      if ('file' in found) wanted.add(found.file)
    }
  }
  const listing = await Promise.all([...wanted].map((name) => localFile(folder, name)))
  return readLocalFolder(version, path, listing, DEFAULT_LIMITS)
}

async function localFile(folder: string, name: string): Promise<LocalFile> {
  const path = join(folder, name)
  const { size, mtimeMs } = await stat(path)
  return { name, size, modified: mtimeMs, read: () => readFile(path) }
}

/** Every file below a folder, without hidden ones; a link counts as the file it leads to, as in a mounted ConfigMap. */
async function* listFiles(root: string, folder: string = root): AsyncGenerator<LocalFile> {
  for await (const entry of await opendir(folder)) {
    if (entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* listFiles(root, path)
    if (!entry.isFile() && !entry.isSymbolicLink()) continue
    const found = await stat(path)
    if (!found.isFile()) continue
    const name = relative(root, path).split(sep).join('/')
    yield { name, size: found.size, modified: found.mtimeMs, read: () => readFile(path) }
  }
}
