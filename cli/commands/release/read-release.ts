import { opendir, readFile, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import type { Release } from '../../../shared/releases/fetch.ts'
import { type LocalFile, readLocalArchive, readLocalFolder } from '../../../shared/releases/folder.ts'
import { DEFAULT_LIMITS } from '../../../shared/releases/limits.ts'
import { withFileErrors } from '../../terminal/file-error.ts'

/**
 * Reads a release from disk: an archive, a folder that holds one, or a folder of schemas.
 *
 * @throws ArchiveError for what is in it, UsageError for a path that cannot be read
 */
export async function readRelease(version: string, path: string): Promise<Release> {
  const absolute = resolve(path)
  return withFileErrors(path, async () => {
    const found = await stat(absolute)
    if (found.isDirectory()) return readLocalFolder(version, absolute, listFiles(absolute), DEFAULT_LIMITS)
    const archive = { size: found.size, modified: found.mtimeMs, read: () => readFile(absolute) }
    return readLocalArchive(version, absolute, archive, DEFAULT_LIMITS)
  })
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
