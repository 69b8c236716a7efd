import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

/** Where the schema files lie in a release archive. */
const FOLDER = 'sdm_schemas/python/lsst/sdm/schemas'

/**
 * Packs schema files (name below the folder of schemas → text) as `schemas.tar.gz`. The same files make the same bytes,
 * in whatever order they come and whenever they were written.
 */
export async function packRelease(files: ReadonlyMap<string, string>): Promise<Buffer> {
  const tar = pack()
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [name, text] of sorted) tar.entry({ name: `${FOLDER}/${name}`, mtime: new Date(0), mode: 0o644 }, text)
  tar.finalize()
  return gzipSync(await buffer(tar))
}
