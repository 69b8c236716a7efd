import { createHash } from 'node:crypto'
import type { BuiltRelease } from './build-release.ts'
import { DESCRIPTION_NAME, type FileDescription, type ReleaseDescription, writeDescription } from './description.ts'

/** The object that fires the load of a release. */
export const ARCHIVE_NAME = 'schemas.tar.gz'
export const SNIPPETS_NAME = 'datalink-snippets.zip'
export const COLUMNS_NAME = 'datalink-columns.zip'

/** One object of a release. */
export interface Part {
  readonly name: string
  readonly content: Buffer
  readonly contentType: string
  readonly sha256: string
}

/**
 * The objects of a release in the order in which they are uploaded: `schemas.tar.gz` is the last one, so that whatever
 * its notification starts finds the others.
 */
export function assembleParts(release: BuiltRelease): readonly Part[] {
  const { version, commit, schemas, services } = release
  const archive = part(ARCHIVE_NAME, release.archive, 'application/gzip')
  const snippets = part(SNIPPETS_NAME, release.snippets, 'application/zip')
  const columns = part(COLUMNS_NAME, release.columns, 'application/zip')
  const files = Object.fromEntries(
    [archive, columns, snippets].map((described) => [described.name, describe(described)]),
  )
  const description: ReleaseDescription = { version, commit, files, schemas, services }
  return [columns, snippets, part(DESCRIPTION_NAME, writeDescription(description), 'application/json'), archive]
}

function part(name: string, content: Buffer, contentType: string): Part {
  return { name, content, contentType, sha256: createHash('sha256').update(content).digest('hex') }
}

function describe({ sha256, content }: Part): FileDescription {
  return { sha256, bytes: content.length }
}
