import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { compareCodePoints } from '../../code-points.ts'

/** Where the schema files lie in a release archive (felis.md §10.1). */
const FOLDER = ['sdm_schemas', 'python', 'lsst', 'sdm', 'schemas']

/** In the header of gzip: which system made it. */
const OS_BYTE = 9
const UNKNOWN_OS = 255

/**
 * Packs schema files (name below the folder of schemas → text) as `schemas.tar.gz`. The same files make the same bytes,
 * in any order and with any times.
 */
export async function packRelease(files: ReadonlyMap<string, string>): Promise<Buffer> {
  const tar = pack()
  const mtime = new Date(0)
  for (const [index] of FOLDER.entries()) {
    tar.entry({ name: `${FOLDER.slice(0, index + 1).join('/')}/`, type: 'directory', mtime, mode: 0o755 })
  }
  const sorted = [...files].sort(([a], [b]) => compareCodePoints(a, b))
  for (const [name, text] of sorted) tar.entry({ name: `${FOLDER.join('/')}/${name}`, mtime, mode: 0o644 }, text)
  tar.finalize()
  const content = gzipSync(await buffer(tar), { level: 9 })
  content[OS_BYTE] = UNKNOWN_OS
  return content
}
