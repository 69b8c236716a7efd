import type { Readable } from 'node:stream'
import { decodeSchemas } from './decode-schemas.ts'
import { gunzip } from './gunzip.ts'
import { findSchemasFolder, mayBeSchema } from './layout.ts'
import type { ArchiveLimits } from './limits.ts'
import { refuseLinks } from './links.ts'
import { complainAbout } from './release-failures.ts'
import { readTar } from './tar-entries.ts'

/**
 * Opens a release archive in memory: gunzip, untar, and the `*.yaml` files of its folder of schemas, in the order of
 * the archive: name relative to that folder → text. The limits hold while it streams, so that a bomb stops early.
 * `file` is the archive's name in complaints.
 *
 * Throws ArchiveError (permanent) for everything that is wrong with the archive; errors of a stream pass unchanged.
 */
export async function readArchive(
  content: Uint8Array | Readable,
  limits: ArchiveLimits,
  file = 'schemas.tar.gz',
): Promise<ReadonlyMap<string, string>> {
  const complain = complainAbout(file)
  const contents = await readTar(gunzip(content, limits, complain), limits, mayBeSchema, complain)
  refuseLinks(contents, null, complain)
  const folder = findSchemasFolder(contents.files.keys(), complain)
  refuseLinks(contents, folder, complain)
  return decodeSchemas(contents.files, folder, file)
}
